// A study from a data set and models: pictures drawn and made small, captions made, tasks dealt out. Keeps nothing.
import { basename } from "node:path";
import sharp from "sharp";
import { ptbTokens } from "caption-metrics";
import { sha256Hex } from "../base/bytes.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError, plainError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import { refuseTrained } from "../evaluate/provenance.ts";
import type { Pixels } from "../image/pixels.ts";
import { designStudy, usualChecks } from "../study/design.ts";
import { plainCaption } from "../study/plain-caption.ts";
import type { StudyKind } from "../study/questions.ts";
import type { PictureFile, StudyDraft, StudyPicture, StudySystem } from "../study/record.ts";
import { loadCaptioner } from "./captioner.ts";
import { readCaptionerFiles } from "./captioner-files.ts";
import type { Dataset } from "./dataset-folder.ts";
import { openDataset, picturePath } from "./dataset-folder.ts";
import { readBytes } from "./files.ts";
import { readImage } from "./image-reader.ts";
import { writer } from "./version.ts";

/** The name of the system whose captions are taken from the references. */
export const humanSystem = "human";

/** What a study is made of. */
export interface StudyRequest {
  readonly kind: StudyKind;
  /** Folder or file of the data set, and the folder of its pictures if it lies elsewhere. */
  readonly data: string;
  readonly images?: string | undefined;
  /** Which of its splits; "all" is every picture. */
  readonly split: string;
  /** Paths of bundles (of several with commas between, which caption together), or "human". */
  readonly models: readonly string[];
  /** Pictures that are drawn. */
  readonly sample: number;
  readonly raters: number;
  /** Attention checks of each rater; default: a tenth of the tasks. */
  readonly checks?: number | undefined;
  readonly seed: number;
  /** Whether models may have been trained on the pictures; default: that is refused. */
  readonly allowLeak?: boolean | undefined;
  readonly threads?: number | undefined;
}

/** Who wants to know, and may cancel. */
export interface StudyListener {
  /** Captions made so far, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Told of pictures that can't be read; others are drawn in their place. */
  readonly onBroken?: (path: string, error: PlainError) => void;
  readonly signal?: AbortSignal | undefined;
}

/** The longest side of a picture that raters see. */
const longestSide = 1280;

/**
 * Makes a study. Captions are brought to one spelling, so that it does not tell who wrote them.
 * @throws ShowtellError `ARGUMENT`, `DATA_…` (`DATA_LEAK` for a model that was trained on the pictures), what loading a model throws, `CANCELLED`.
 */
export async function draftStudy(request: StudyRequest, listener: StudyListener = {}): Promise<StudyDraft> {
  const { kind, models, seed, raters } = request;
  requireComparable(request);
  const dataset = await openDataset(request.data, request.images === undefined ? {} : { images: request.images });
  const drawn = await drawPictures(dataset, request, listener);
  if (request.allowLeak !== true) await refuseLeaks(drawn, request);
  const captions: string[][] = [];
  const systems: StudySystem[] = [];
  const total = drawn.length * models.filter((model) => model !== humanSystem).length;
  for (const model of models) {
    if (model === humanSystem) {
      systems.push({ name: humanSystem, kind: "human" });
      captions.push(drawn.map(({ human }) => human));
      continue;
    }
    const before = drawn.length * systems.filter((system) => system.kind === "model").length;
    const made = await captionsOf(model, drawn, request, { ...listener, before, total });
    systems.push({ name: basename(model).replace(/\.safetensors$/, ""), kind: "model", identity: made.identity });
    captions.push(made.captions);
  }
  const pictures = drawn.map(({ image, file, references }, i) => ({
    image,
    file,
    references,
    captions: captions.map((own) => plainCaption(own[i]!)),
  }));
  const checks = request.checks ?? usualChecks(kind, pictures);
  if (checks > 0 && pictures.length < 2) {
    throw new ShowtellError("ARGUMENT", "attention checks take captions of other pictures: draw two pictures or more");
  }
  const alike = pictures.map((one) => ({ ...one, references: one.references.map(plainCaption) }));
  return {
    plan: {
      kind,
      systems: withDifferentNames(systems),
      data: { name: dataset.name, split: request.split },
      seed,
      checks,
      writer,
    },
    pictures,
    tasks: designStudy({ kind, pictures: alike, raters, checks, seed }),
  };
}

async function refuseLeaks(drawn: readonly DrawnPicture[], { models, split }: StudyRequest): Promise<void> {
  const hashes = drawn.map(({ hash }) => hash);
  for (const model of models.filter((one) => one !== humanSystem))
    refuseTrained((await readCaptionerFiles(model)).members, hashes, split, "");
}

function requireComparable({ kind, models }: StudyRequest): void {
  if (kind === "side-by-side" && models.length < 2) {
    throw new ShowtellError(
      "ARGUMENT",
      "two captions stand side by side: name --model twice or more, or rate captions",
    );
  }
  const twice = models.find((model, i) => models.indexOf(model) !== i);
  if (twice !== undefined)
    throw new ShowtellError("ARGUMENT", `"${twice}" is named twice: it can't be told from itself`);
}

function withDifferentNames(systems: readonly StudySystem[]): readonly StudySystem[] {
  return systems.map((system, i) => {
    const same = systems.filter(({ name }) => name === system.name);
    return same.length === 1 ? system : { ...system, name: `${system.name} (${i + 1})` };
  });
}

/** A picture of the sample; `human` is a caption taken from its references, if one of the systems is a person. */
interface DrawnPicture extends Omit<StudyPicture, "captions"> {
  readonly path: string;
  /** Hash of its file's content. */
  readonly hash: string;
  readonly file: PictureFile;
  readonly human: string;
}

async function drawPictures(
  dataset: Dataset,
  { split, sample, models, seed }: StudyRequest,
  { onBroken, signal }: StudyListener,
): Promise<readonly DrawnPicture[]> {
  const needed = models.includes(humanSystem) ? 2 : 1;
  const usable = dataset
    .split(split)
    .map((record) => ({ ...record, captions: record.captions.filter((caption) => ptbTokens(caption).length > 0) }))
    .filter(({ captions }) => captions.length >= needed);
  const random = seededRandom(seed, "pictures");
  const drawn: DrawnPicture[] = [];
  for (const record of random.shuffle(usable)) {
    throwIfCancelled(signal);
    if (drawn.length === sample) break;
    const path = picturePath(dataset, record.image);
    try {
      const bytes = await readBytes(path);
      const file = await shown(await readImage(bytes, { name: path }));
      const captions = taken(record, needed === 2, random.below(record.captions.length));
      drawn.push({ ...captions, path, file, hash: sha256Hex(bytes) });
    } catch (error) {
      onBroken?.(path, plainError(error));
    }
  }
  if (drawn.length === sample) return drawn;
  const captions = needed === 2 ? "two captions (one is the person's)" : "a caption";
  throw new ShowtellError(
    "DATA_EMPTY",
    `${drawn.length} pictures of split "${split}" can be shown and have ${captions}; ${sample} were asked for: lower --sample`,
  );
}

function taken(
  { image, captions }: CaptionRecord,
  human: boolean,
  place: number,
): Omit<DrawnPicture, "path" | "file" | "hash"> {
  return { image, human: captions[place]!, references: human ? captions.filter((_, i) => i !== place) : captions };
}

/** A picture as raters see it: as models do, but larger than theirs, and without what its file says besides. */
async function shown({ width, height, data }: Pixels): Promise<PictureFile> {
  const picture = sharp(data, { raw: { width, height, channels: 3 } }).resize({
    width: longestSide,
    height: longestSide,
    fit: "inside",
    withoutEnlargement: true,
  });
  return { mediaType: "image/webp", bytes: await picture.webp({ quality: 82 }).toBuffer() };
}

async function captionsOf(
  model: string,
  drawn: readonly DrawnPicture[],
  { threads }: StudyRequest,
  { before, total, onProgress, signal }: StudyListener & { readonly before: number; readonly total: number },
): Promise<{ readonly captions: string[]; readonly identity: string }> {
  const captioner = await loadCaptioner({ model, ...(threads !== undefined && { threads }) });
  try {
    const captions: string[] = [];
    const paths = drawn.map(({ path }) => path);
    for await (const outcome of captioner.captionAll(paths, signal === undefined ? {} : { signal })) {
      if ("error" in outcome) throw new ShowtellError(outcome.error.code, outcome.error.message);
      captions.push(outcome.result.caption);
      onProgress?.(before + captions.length, total);
    }
    return { captions, identity: captioner.model };
  } finally {
    await captioner.dispose();
  }
}
