// Captions of dev pictures by weights that are still learning: what the best epoch is chosen by, and what people are shown.
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import type { DecoderManifest } from "../bundle/manifest.ts";
import { openFeatureCaptioner } from "../caption/captioner.ts";
import type { OpenSession } from "../engine/session.ts";
import { captionJudge } from "../evaluate/caption-quality.ts";
import type { CaptionQuality } from "../evaluate/caption-quality.ts";
import type { FeatureReader, LearnerState } from "../train/learner.ts";
import type { TrainingSet } from "../train/lessons.ts";
import type { TrainingOptions } from "../train/options.ts";
import type { DevSet } from "./training-data.ts";

/** A decoder as it is now, and the features of the dev pictures by row. */
export interface DevDecoder {
  readonly decoder: Omit<DecoderManifest, "identity" | "selfTest">;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly features: FeatureReader;
  readonly openSession: OpenSession;
}

/** How dev pictures are captioned. */
export interface DevCaptionOptions {
  /** Default: the decoder's own. */
  readonly beam?: number | undefined;
  readonly signal?: CancelSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Pictures that are captioned together: a grid has 400 kB of float32 features, and keys and values besides. */
const batchSize = 100;

/** The best caption of each picture, given by its row. @throws ShowtellError `CANCELLED`, `ENGINE`. */
export async function captionRows(
  { decoder, tensors, features, openSession }: DevDecoder,
  rows: Int32Array,
  { beam = decoder.decoding.beam, signal, onProgress }: DevCaptionOptions = {},
): Promise<readonly string[]> {
  const manifest = { ...decoder, identity: "", selfTest: { seed: 0, values: [], ids: [] } };
  const captioner = await openFeatureCaptioner({ manifest, tensors }, openSession);
  const captions: string[] = [];
  try {
    for (let start = 0; start < rows.length; start += batchSize) {
      throwIfCancelled(signal);
      const batch = rows.subarray(start, start + batchSize);
      const data = new Uint16Array(batch.length * features.size);
      await features.read(batch, data);
      const found = await captioner.caption({ images: batch.length, data }, { beam, ...(signal && { signal }) });
      captions.push(...found.map(({ caption }) => caption));
      onProgress?.(captions.length, rows.length);
    }
  } finally {
    await captioner.dispose();
  }
  return captions;
}

/** Rows of the dev pictures that have a caption with words. */
export function captionedRows({ dev }: DevSet): Int32Array {
  return Int32Array.from(new Set(dev.examples.map(({ picture }) => picture)));
}

/**
 * Rows of the dev pictures that the best epoch is chosen by: of those that have a caption with words the first that are told, or all; all, too,
 * where the loss chooses, which is that of the whole set.
 */
export function selectionRows(set: DevSet, { select, selectFirst }: TrainingOptions): Int32Array {
  const rows = captionedRows(set);
  return select === "loss" ? rows : rows.slice(0, selectFirst);
}

/** The dev pictures that the best epoch is chosen by, for what else is chosen in a run. */
export function selectionSet(set: DevSet, options: TrainingOptions): TrainingSet {
  const chosen = new Set(selectionRows(set, options));
  return { ...set.dev, examples: set.dev.examples.filter(({ picture }) => chosen.has(picture)) };
}

/**
 * The judge that a run's options ask for; undefined if its epochs are chosen by their loss.
 * @throws ShowtellError `DATA_EMPTY` if no dev picture has a caption with words.
 */
export function devJudge(
  data: DevSet,
  options: TrainingOptions,
  decoderWith: (state: LearnerState) => DevDecoder,
  captioning: Omit<DevCaptionOptions, "beam">,
): ((state: LearnerState) => Promise<CaptionQuality>) | undefined {
  if (options.select === "loss") return undefined;
  const rows = selectionRows(data, options);
  if (rows.length === 0) throw new ShowtellError("DATA_EMPTY", "the dev split has no caption with words: add some");
  const judge = captionJudge(Array.from(rows, (row) => data.devPictures[row]!.captions));
  const beam = options.select === "greedy" ? 1 : undefined;
  return async (state) => judge(await captionRows(decoderWith(state), rows, { ...captioning, beam }));
}
