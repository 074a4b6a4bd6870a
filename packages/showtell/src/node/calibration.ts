// Calibrates a bundle on a split of a data set: captions it, scores each caption, fits, and writes the bundle in place.
import { ciderD, ptbTokens } from "caption-metrics";
import { ShowtellError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import type { Calibration } from "../bundle/calibration.ts";
import { hashList } from "../bundle/hash-list.ts";
import { checkDecoder } from "../bundle/self-test.ts";
import type { Captioned } from "../caption/captioner.ts";
import { openEnsembleCaptioner } from "../caption/captioner.ts";
import type { OpenSession } from "../engine/session.ts";
import { fitCalibration } from "../evaluate/calibration.ts";
import { trainedPictures } from "../evaluate/provenance.ts";
import type { DecoderBundle } from "./bundle-files.ts";
import { writeBundleFile } from "./bundle-files.ts";
import { readCaptionerFiles } from "./captioner-files.ts";
import { openDataset, picturePath } from "./dataset-folder.ts";
import { featureBatches } from "./feature-batches.ts";
import type { FeatureCache } from "./feature-cache.ts";
import { extractFeatures } from "./feature-extraction.ts";
import type { ExtractionProgress } from "./feature-extraction.ts";

/** What is calibrated, and on what. */
export interface CalibrationRequest {
  /** Path of a bundle with a decoder; it is written in place, in one step. */
  readonly model: string;
  /** Folder or file of the data set, and the folder of its pictures if it lies elsewhere. */
  readonly data: string;
  readonly images?: string | undefined;
  /** Which of its splits; pictures that the decoder was trained on are refused. */
  readonly split: string;
  /** CIDEr-D (as papers have it divided by 100) above which a caption counts as good. */
  readonly threshold: number;
  /** Folder of feature caches; default: below the platform's cache folder. */
  readonly cache?: string | undefined;
  readonly openSession: OpenSession;
  readonly signal?: CancelSignal | undefined;
  readonly onFeatures?: (progress: ExtractionProgress) => void;
  readonly onBroken?: (path: string, error: PlainError) => void;
  readonly onCaptions?: (done: number, total: number) => void;
}

/** A picture that can be read, with its captions as tokens. */
interface Picture {
  readonly hash: string;
  readonly references: readonly (readonly string[])[];
}

/** Pictures that are captioned together. */
const batchSize = 50;

/**
 * Calibrates a bundle with its own default search, and writes it with the calibration; its identity stays.
 * @throws ShowtellError `ARGUMENT` if the decoder was trained on some of the pictures, there are fewer than 20, or all captions lie on one side of
 * the threshold; `DATA_…`, `BUNDLE_…`, `ENCODER_MISSING`, `FILE_WRITE`, `CANCELLED`.
 */
export async function calibrateBundle(request: CalibrationRequest): Promise<Calibration> {
  const { model, data, images, split, threshold, openSession } = request;
  const { members, inputs } = await readCaptionerFiles([model]);
  const bundle = members[0]!;
  await checkDecoder(bundle.decoder, openSession, model);
  const dataset = await openDataset(data, images === undefined ? {} : { images });
  const records = dataset.split(split).flatMap(({ image, captions }) => {
    const references = captions.map(ptbTokens).filter((tokens) => tokens.length > 0);
    return references.length === 0 ? [] : [{ path: picturePath(dataset, image), references }];
  });
  const { cache, hashes } = await extractFeatures({
    pictures: records.map(({ path }) => path),
    encoder: inputs[0]!.encoder,
    layer: inputs[0]!.features.layer,
    openSession,
    root: request.cache,
    signal: request.signal,
    ...(request.onFeatures && { onProgress: request.onFeatures }),
    onBroken: (path, error) => request.onBroken?.(path, error),
  });
  try {
    const pictures = records.flatMap(({ references }, i): readonly Picture[] => {
      const hash = hashes[i];
      return hash === undefined ? [] : [{ hash, references }];
    });
    requireUnseen(bundle, pictures, split);
    const captions = await captionAll(bundle, pictures, cache, request);
    const { perImage } = ciderD(
      captions.map(({ tokens }) => tokens),
      pictures.map(({ references }) => references),
    );
    const outcomes = captions.map((caption, i) => ({ caption, score: perImage[i]! }));
    const { decoding, identity } = bundle.decoder.manifest;
    const calibration: Calibration = {
      decoder: identity,
      metric: "CIDEr-D",
      threshold,
      beam: decoding.beam,
      data: {
        name: dataset.name,
        split,
        pictures: pictures.length,
        hashes: hashList(pictures.map(({ hash }) => hash)),
      },
      ...fitCalibration(outcomes, threshold),
    };
    throwIfCancelled(request.signal);
    await writeBundleFile(model, { ...bundle, manifest: { ...bundle.manifest, calibration } });
    return calibration;
  } finally {
    await cache.close();
  }
}

/** Captions of pictures that were trained on are better than others: confidence from them would be too high. */
function requireUnseen({ manifest, source }: DecoderBundle, pictures: readonly Picture[], split: string): void {
  const hashes = pictures.map(({ hash }) => hash);
  const seen = trainedPictures(manifest.training, hashes) ?? 0;
  if (pictures.length === 0) throw new ShowtellError("DATA_EMPTY", `no picture of split "${split}" can be used`);
  if (seen === 0) return;
  throw new ShowtellError(
    "ARGUMENT",
    `"${source}" was trained on ${seen} of the ${pictures.length} pictures of split "${split}": calibrate on others`,
  );
}

async function captionAll(
  bundle: DecoderBundle,
  pictures: readonly Picture[],
  cache: FeatureCache,
  { openSession, signal, onCaptions }: CalibrationRequest,
): Promise<readonly Captioned[]> {
  const captioner = await openEnsembleCaptioner([bundle], openSession);
  const captions: Captioned[] = [];
  try {
    for await (const { batches } of featureBatches([cache], pictures, batchSize, signal)) {
      captions.push(...(await captioner.caption(batches, signal ? { signal } : {})));
      onCaptions?.(captions.length, pictures.length);
    }
  } finally {
    await captioner.dispose();
  }
  return captions;
}
