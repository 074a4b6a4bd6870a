// The captioner for Node.js: a bundle in a thread of its own, so that the caller's thread stays free.
import type { CaptionOptions, Captioned, PartialCaption } from "../caption/captioner.ts";
import { ShowtellError } from "../base/errors.ts";
import { defaultModel } from "./bundle-files.ts";
import type { CaptioningReply, CaptioningRequest, PictureOutcome, Timings } from "./captioning-worker.ts";
import type { PlainError, WorkerThread } from "./worker-thread.ts";
import { startWorker } from "./worker-thread.ts";

/** A picture: the path of a file, or a file's bytes. */
export type ImageSource = string | Uint8Array;

/** How a captioner is loaded. */
export interface LoadOptions {
  /** Path of a bundle; default: the one that ships, trained on Flickr8k. */
  readonly model?: string;
  /** Threads of the engine; default: the available parallelism. */
  readonly threads?: number;
  /** Most pixels of a picture, checked in its header before anything is decoded; default 100 million. */
  readonly maxPixels?: number;
}

/** How pictures are captioned; cancelling takes effect between two words. */
export interface NodeCaptionOptions extends Omit<CaptionOptions, "signal"> {
  readonly signal?: AbortSignal;
}

/** A picture's caption, its candidates, and what it cost. */
export interface CaptionResult extends Captioned {
  /** Identity of the decoder. */
  readonly model: string;
  readonly timings: Timings;
}

/** What became of one of many pictures. */
export type CaptionOutcome<Source extends ImageSource = ImageSource> =
  | { readonly image: Source; readonly result: CaptionResult }
  | { readonly image: Source; readonly error: PlainError };

/** A loaded captioner. */
export interface Captioner {
  /** Identity of the decoder. */
  readonly model: string;
  /**
   * Captions a picture.
   * @throws ShowtellError for a picture that can't be read (`IMAGE_…`, `FILE_NOT_FOUND`), `CANCELLED`, `ARGUMENT`.
   */
  caption(image: ImageSource, options?: NodeCaptionOptions): Promise<CaptionResult>;
  /**
   * Captions many pictures, in order, decoding some while others are computed. A bad picture is an outcome with an error,
   * not an exception. Whoever stops early cancels what is under way.
   * @throws ShowtellError `CANCELLED`, `ARGUMENT`.
   */
  captionAll<Source extends ImageSource>(
    images: Iterable<Source> | AsyncIterable<Source>,
    options?: NodeCaptionOptions,
  ): AsyncGenerator<CaptionOutcome<Source>, void, undefined>;
  /** Ends the thread and frees the model; what is under way fails as `CANCELLED`. */
  dispose(): Promise<void>;
}

/** Pictures that go through the encoder together, and batches under way at a time. */
const batchSize = 8;
const batchesAhead = 2;

/**
 * Loads a captioner in a thread of its own and verifies it by its self-test.
 * @example
 * const captioner = await loadCaptioner();
 * const { caption } = await captioner.caption("photo.jpg");
 * await captioner.dispose();
 * @throws ShowtellError `FILE_NOT_FOUND`, `SAFETENSORS_FORMAT`, `BUNDLE_…`, `ENCODER_MISSING`.
 */
export async function loadCaptioner({ model = defaultModel, ...limits }: LoadOptions = {}): Promise<Captioner> {
  const worker = startWorker<CaptioningRequest, CaptioningReply, PartialCaption>(
    new URL("./captioning-worker.js", import.meta.url),
  );
  try {
    const reply = await worker.request({ kind: "load", model, ...limits });
    return captionerOf(worker, (reply as { identity: string }).identity);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

function captionerOf(
  worker: WorkerThread<CaptioningRequest, CaptioningReply, PartialCaption>,
  model: string,
): Captioner {
  const outcomesOf = async (
    images: readonly ImageSource[],
    { signal, onPartial, ...options }: NodeCaptionOptions,
  ): Promise<readonly PictureOutcome[]> => {
    requireSignal(signal);
    const partials = onPartial !== undefined;
    const request = { kind: "caption", images: images.map(sendable), options, partials } as const;
    const reply = await worker.request(request, { signal, ...(partials && { onEvent: onPartial }) });
    return (reply as { outcomes: readonly PictureOutcome[] }).outcomes;
  };
  return {
    model,
    async caption(image, options = {}) {
      const [outcome] = await outcomesOf([image], options);
      if ("error" in outcome!) throw new ShowtellError(outcome.error.code, outcome.error.message);
      return resultOf(outcome!, model);
    },
    async *captionAll(images, options = {}) {
      requireMany(images);
      requireSignal(options.signal);
      const stopped = new AbortController();
      const signals = options.signal === undefined ? [stopped.signal] : [options.signal, stopped.signal];
      const own = { ...options, signal: AbortSignal.any(signals) };
      let before = 0;
      const work = (some: readonly ImageSource[]): Promise<readonly PictureOutcome[]> => {
        const first = before;
        before += some.length;
        return outcomesOf(some, { ...own, ...placed(own.onPartial, first) });
      };
      try {
        for await (const { batch, outcomes } of pipelined(batched(images), work)) {
          yield* outcomes.map((outcome, i) =>
            "error" in outcome
              ? { image: batch[i]!, error: outcome.error }
              : { image: batch[i]!, result: resultOf(outcome, model) },
          );
        }
      } finally {
        stopped.abort();
      }
    },
    dispose: () => worker.terminate(),
  };
}

/** The listener, told of pictures by their places in the whole list when a batch begins at `first`. */
function placed(onPartial: NodeCaptionOptions["onPartial"], first: number): Pick<NodeCaptionOptions, "onPartial"> {
  return onPartial ? { onPartial: (partial) => onPartial({ ...partial, image: first + partial.image }) } : {};
}

function resultOf(
  { captioned, timings }: Exclude<PictureOutcome, { error: PlainError }>,
  model: string,
): CaptionResult {
  return { ...captioned, model, timings };
}

function requireSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new ShowtellError("ARGUMENT", "the signal is no AbortSignal: pass that of an AbortController");
}

/** A string can be iterated over, too, but by characters. */
function requireMany(images: Iterable<ImageSource> | AsyncIterable<ImageSource>): void {
  if (typeof images === "object" && (Symbol.iterator in images || Symbol.asyncIterator in images)) return;
  throw new ShowtellError(
    "ARGUMENT",
    `captionAll takes a list of pictures, not ${JSON.stringify(images) ?? "nothing"}`,
  );
}

/** A picture as it is sent: a piece of a large buffer is copied, or else the whole buffer would be. */
function sendable(image: ImageSource): ImageSource {
  if (typeof image === "string") return image;
  if (!(image instanceof Uint8Array)) {
    throw new ShowtellError(
      "ARGUMENT",
      `a picture is the path of a file or its bytes (a Uint8Array), not ${typeof image}`,
    );
  }
  return image.byteLength === image.buffer.byteLength ? image : Uint8Array.from(image);
}

async function* batched<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
): AsyncGenerator<readonly Item[], void, undefined> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Keeps a few batches under way and gives them back in order. */
async function* pipelined<Batch, Outcomes>(
  batches: AsyncIterable<Batch>,
  work: (batch: Batch) => Promise<Outcomes>,
): AsyncGenerator<{ readonly batch: Batch; readonly outcomes: Outcomes }, void, undefined> {
  const underWay: { readonly batch: Batch; readonly outcomes: Promise<Outcomes> }[] = [];
  for await (const batch of batches) {
    const outcomes = work(batch);
    // A failure is reported when its turn comes, not as an unhandled rejection before.
    outcomes.catch(() => undefined);
    underWay.push({ batch, outcomes });
    if (underWay.length < batchesAhead) continue;
    const first = underWay.shift()!;
    yield { batch: first.batch, outcomes: await first.outcomes };
  }
  for (const { batch, outcomes } of underWay) yield { batch, outcomes: await outcomes };
}
