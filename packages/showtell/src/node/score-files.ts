// Scores files of captions against a file of references: one system, or two that are compared. Prints nothing; the metrics are
// caption-metrics' own, and the files are caption-files.ts'.
import { setImmediate } from "node:timers/promises";
import {
  type CaptionedImage,
  compareSystems,
  type CorpusStatistics,
  type Difference,
  type Diversity,
  type MeteorResources,
  MetricsError,
  type NamedScores,
  scoreStream,
  type StreamScores,
} from "caption-metrics";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { openReferences, readHypotheses, type ReferenceSource } from "./caption-files.ts";
import { openReplacement, requireOwnFile } from "./files.ts";
import type { Replacement } from "./files.ts";

/** What is scored, and how. */
export interface ScoreRequest {
  /** One file of captions, or two that are compared. */
  readonly hypotheses: readonly string[];
  readonly references: string;
  /** Leaves out the references of images without a hypothesis; default: they are an error. */
  readonly subset?: boolean | undefined;
  /** Where the scores of each image go, as JSON lines. */
  readonly perImage?: string | undefined;
  /** Of the bootstrap; default 1. */
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ScoreProgress) => void) | undefined;
}

/** How far scoring is: images scored (of each file), then samples drawn. */
export interface ScoreProgress {
  readonly task: "scoring" | "comparing";
  readonly done: number;
  readonly total: number;
}

/** One file's scores, as fractions. */
export interface SystemScores {
  readonly hypotheses: string;
  readonly scores: NamedScores;
  readonly diversity: Diversity;
}

/** What {@link scoreFiles} gives. */
export interface ScoreReport {
  readonly images: number;
  readonly systems: readonly SystemScores[];
  readonly signatures: Readonly<Record<string, string>>;
  /** Present for two systems: the second less the first. */
  readonly comparison?: Readonly<Record<string, Difference>>;
  readonly bootstrap?: { readonly resamples: number; readonly seed: number };
}

/** Samples that a comparison draws. */
const resamples = 1000;

/** How long, in ms, the bootstrap may keep the thread before it lets Ctrl-C through. */
const breathMs = 50;

/**
 * Scores captions with every metric; with two files, also says how sure their difference is.
 * @param meteor What METEOR looks words up in.
 * @throws ShowtellError as {@link readHypotheses} and {@link openReferences} do; `DATA_IDS` naming an image that is missing on one
 *   side, `DATA_EMPTY` if no reference has a word, `ARGUMENT` if scores of images would be written over what is read, `FILE_WRITE`, `CANCELLED`.
 */
export async function scoreFiles(request: ScoreRequest, meteor: MeteorResources): Promise<ScoreReport> {
  const { hypotheses: files, references: referenceFile, signal } = request;
  if (request.perImage !== undefined)
    await requireOwnFile(request.perImage, [...files, referenceFile], "the scores of images");
  const systems: System[] = [];
  for (const file of files) systems.push({ file, captions: await readHypotheses(file, signal) });
  requireSameImages(systems);
  const references = await openReferences(referenceFile, signal);
  const perImage = request.perImage === undefined ? undefined : await openReplacement(request.perImage);
  try {
    const scored: StreamScores[] = [];
    for (const system of systems) {
      const open = imagesOf(system, references, request);
      scored.push(await scoreSystem(system, open, { request, meteor, perImage, earlier: scored }));
    }
    const comparison = scored.length === 2 ? await compared(scored, request) : {};
    await perImage?.commit();
    return {
      images: scored[0]!.images,
      systems: scored.map(({ scores, diversity }, at) => ({ hypotheses: files[at]!, scores, diversity })),
      signatures: scored[0]!.signatures,
      ...comparison,
    };
  } catch (cause) {
    throw translated(cause, referenceFile);
  } finally {
    await perImage?.abandon();
  }
}

interface System {
  readonly file: string;
  readonly captions: ReadonlyMap<string, string>;
}

function requireSameImages([first, ...others]: readonly System[]): void {
  for (const { file, captions } of others) {
    requireImagesOf(first!, { file, captions });
    requireImagesOf({ file, captions }, first!);
  }
}

function requireImagesOf(whole: System, part: System): void {
  for (const id of whole.captions.keys()) {
    if (part.captions.has(id)) continue;
    throw new ShowtellError(
      "DATA_IDS",
      `image "${id}" has a caption in ${whole.file} but not in ${part.file}: only captions of the same images can be compared`,
    );
  }
}

/** The images of a system, in the references' order, each time from the beginning. */
function imagesOf(
  { file, captions }: System,
  references: ReferenceSource,
  { references: referenceFile, subset = false }: ScoreRequest,
): () => AsyncGenerator<CaptionedImage> {
  const byName = idsByFileName(captions.keys());
  return async function* () {
    const seen = new Set<string>();
    const scored = new Set<string>();
    for await (const { id, name, captions: truths } of references()) {
      if (seen.has(id)) {
        throw new ShowtellError("DATA_IDS", `${referenceFile}: image "${id}" stands there twice: join its references`);
      }
      const own = captions.has(id) ? id : byName.get(name ?? id);
      if (own === undefined && subset) continue;
      if (own === undefined) {
        throw new ShowtellError(
          "DATA_IDS",
          `image "${id}" has references in ${referenceFile} but no caption in ${file}: caption it, or score the subset (--subset)`,
        );
      }
      if (scored.has(own))
        throw new ShowtellError(
          "DATA_IDS",
          `the caption of "${own}" in ${file} fits two images of ${referenceFile}, of which "${id}" is the second: name images in both files alike`,
        );
      seen.add(id);
      scored.add(own);
      yield { id, hypothesis: captions.get(own)!, references: truths };
    }
    if (scored.size === captions.size) return;
    const id = [...captions.keys()].find((key) => !scored.has(key))!;
    throw new ShowtellError(
      "DATA_IDS",
      `image "${id}" has a caption in ${file} but no references in ${referenceFile}: add them, or leave its caption out`,
    );
  };
}

/** Ids that are paths, by the names of their files: a data set names pictures without the folder that they were captioned in. */
function idsByFileName(ids: Iterable<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const twice = new Set<string>();
  for (const id of ids) {
    const name = id.replace(/^.*[/\\]/, "");
    if (found.has(name)) twice.add(name);
    found.set(name, id);
  }
  for (const name of twice) found.delete(name);
  return found;
}

async function scoreSystem(
  { file, captions }: System,
  open: () => AsyncGenerator<CaptionedImage>,
  {
    request,
    meteor,
    perImage,
    earlier,
  }: {
    readonly request: ScoreRequest;
    readonly meteor: MeteorResources;
    readonly perImage: Replacement | undefined;
    readonly earlier: readonly StreamScores[];
  },
): Promise<StreamScores> {
  const { signal, onProgress, hypotheses } = request;
  const lines = perImage && bufferedLines(perImage);
  const total = captions.size * hypotheses.length;
  let done = captions.size * earlier.length;
  const scored = await scoreStream(open, {
    meteor,
    keepStatistics: hypotheses.length > 1,
    ...(earlier[0] && { frequencies: earlier[0].frequencies }),
    async onImage(id, scores) {
      throwIfCancelled(signal);
      onProgress?.({ task: "scoring", done: ++done, total });
      await lines?.add(JSON.stringify({ hypotheses: file, id, scores }));
      if (done % 256 === 0) await setImmediate(); // lets Ctrl-C through, where the source is in memory
    },
  });
  await lines?.flush();
  return scored;
}

/** Lines in pieces of some size: a system call for each would take longer than the scoring. */
function bufferedLines(file: Replacement): { add(line: string): Promise<void>; flush(): Promise<void> } {
  let text = "";
  const flush = async (): Promise<void> => {
    await file.write(text);
    text = "";
  };
  return {
    async add(line) {
      text += `${line}\n`;
      if (text.length >= 2 ** 16) await flush();
    },
    flush,
  };
}

async function compared(
  scored: readonly StreamScores[],
  { seed = 1, signal, onProgress }: ScoreRequest,
): Promise<Pick<ScoreReport, "comparison" | "bootstrap">> {
  const [first, second] = scored.map(({ statistics }) => statistics as CorpusStatistics);
  let breath = performance.now();
  const comparison = await compareSystems(first!, second!, {
    seed,
    resamples,
    async onResample(done) {
      onProgress?.({ task: "comparing", done, total: resamples });
      if (performance.now() - breath < breathMs) return;
      await setImmediate();
      breath = performance.now();
      throwIfCancelled(signal);
    },
  });
  return { comparison, bootstrap: { resamples, seed } };
}

function translated(cause: unknown, referenceFile: string): unknown {
  if (!(cause instanceof MetricsError)) return cause;
  const code = cause.code === "EMPTY" ? "DATA_EMPTY" : "DATA_FORMAT";
  return new ShowtellError(code, `${referenceFile}: ${cause.message}`, { cause });
}
