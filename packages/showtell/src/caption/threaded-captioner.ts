// The calling side of captioning: one picture, or many in batches, by a thread that holds the model. Knows no platform's threads or pictures.
import { ShowtellError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";
import type { Region } from "../image/region.ts";
import type { ListenedSignal, WorkerThread } from "../thread/requests.ts";
import type { CaptionOptions } from "./caption-options.ts";
import type { Captioned } from "./captioner.ts";
import type {
  CaptioningEvent,
  CaptioningReply,
  CaptioningRequest,
  PictureOutcome,
  Timings,
} from "./captioning-service.ts";

declare const AbortController: new () => { readonly signal: ListenedSignal; abort(): void };
declare const AbortSignal: {
  new (): ListenedSignal;
  any(signals: readonly ListenedSignal[]): ListenedSignal;
};

/** How pictures are captioned; cancelling takes effect between two words. */
export interface PictureCaptionOptions extends Omit<CaptionOptions, "signal"> {
  /** An `AbortSignal`. */
  readonly signal?: ListenedSignal;
}

/** What is weighed. */
export interface WeighOptions {
  /** What is hidden of the picture; a result for each. Default: the picture as it is. */
  readonly hidden?: readonly (Region | undefined)[];
  readonly signal?: ListenedSignal;
}

/** A picture's caption, its candidates, and what it cost. */
export interface CaptionResult extends Captioned {
  /** Identity of the decoder or ensemble. */
  readonly model: string;
  readonly timings: Timings;
}

/** What became of one of many pictures. */
export type CaptionOutcome<Source> =
  | { readonly image: Source; readonly result: CaptionResult }
  | { readonly image: Source; readonly error: PlainError };

/** A loaded captioner for pictures of a platform's kinds. */
export interface PictureCaptioner<Image> {
  /** Identity of the decoder or ensemble. */
  readonly model: string;
  /**
   * Captions a picture.
   * @throws ShowtellError for a picture that can't be read (`IMAGE_…`, `FILE_NOT_FOUND`), `CANCELLED`, `ARGUMENT`.
   */
  caption(image: Image, options?: PictureCaptionOptions): Promise<CaptionResult>;
  /**
   * Captions many pictures, in order, decoding some while others are computed. A bad picture is an outcome with an error,
   * not an exception. Whoever stops early cancels what is under way.
   * @throws ShowtellError `CANCELLED`, `ARGUMENT`.
   */
  captionAll<Source extends Image>(
    images: Iterable<Source> | AsyncIterable<Source>,
    options?: PictureCaptionOptions,
  ): AsyncGenerator<CaptionOutcome<Source>, void, undefined>;
  /**
   * Natural log-probabilities of given tokens, and last of the end, for a picture, once for each of its regions that is hidden
   * (undefined: nothing is). What `occlude` asks to explain a caption.
   * @throws ShowtellError what captioning throws, `WORD_UNKNOWN` for a token that the model does not know.
   */
  weigh(image: Image, tokens: readonly string[], options?: WeighOptions): Promise<readonly (readonly number[])[]>;
  /** Ends the thread and frees the model; what is under way fails as `CANCELLED`. */
  dispose(): Promise<void>;
}

/** Pictures that go through the encoder together, and batches under way at a time. */
const batchSize = 8;
const batchesAhead = 2;

/**
 * The captioner of a thread that is loaded.
 * @param sendable Checks a picture and gives it as it is sent to the thread.
 */
export function threadedCaptioner<Load, Image, Sent, Details, LoadEvent>(
  worker: WorkerThread<CaptioningRequest<Load, Sent>, CaptioningReply<Details>, CaptioningEvent<LoadEvent>>,
  model: string,
  sendable: (image: Image) => Sent,
): PictureCaptioner<Image> {
  const outcomesOf = async (
    images: readonly Image[],
    { signal, onPartial, ...options }: PictureCaptionOptions,
  ): Promise<readonly PictureOutcome[]> => {
    requireSignal(signal);
    const partials = onPartial !== undefined;
    const request = { kind: "caption", images: images.map(sendable), options, partials } as const;
    const onEvent = (event: CaptioningEvent<LoadEvent>): void => {
      if (event.kind === "partial") onPartial?.(event.partial);
    };
    const reply = await worker.request(request, { signal, ...(partials && { onEvent }) });
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
      const work = (some: readonly Image[]): Promise<readonly PictureOutcome[]> => {
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
    async weigh(image, tokens, { hidden = [undefined], signal } = {}) {
      requireSignal(signal);
      if (hidden.length === 0) return [];
      const reply = await worker.request({ kind: "weigh", image: sendable(image), tokens, hidden }, { signal });
      return (reply as { weights: readonly (readonly number[])[] }).weights;
    },
    dispose: () => worker.terminate(),
  };
}

/** The listener, told of pictures by their places in the whole list when a batch begins at `first`. */
function placed(
  onPartial: PictureCaptionOptions["onPartial"],
  first: number,
): Pick<PictureCaptionOptions, "onPartial"> {
  return onPartial ? { onPartial: (partial) => onPartial({ ...partial, image: first + partial.image }) } : {};
}

function resultOf(
  { captioned, timings }: Exclude<PictureOutcome, { error: PlainError }>,
  model: string,
): CaptionResult {
  return { ...captioned, model, timings };
}

function requireSignal(signal: ListenedSignal | undefined): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new ShowtellError("ARGUMENT", "the signal is no AbortSignal: pass that of an AbortController");
}

/** A string can be iterated over, too, but by characters. */
function requireMany(images: Iterable<unknown> | AsyncIterable<unknown>): void {
  if (typeof images === "object" && images !== null && (Symbol.iterator in images || Symbol.asyncIterator in images))
    return;
  throw new ShowtellError(
    "ARGUMENT",
    `captionAll takes a list of pictures, not ${JSON.stringify(images) ?? "nothing"}`,
  );
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
