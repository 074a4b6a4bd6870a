// The bounded queue before the captioner: what waits is captioned in batches, fairly, and can be given up. Knows nothing of HTTP.
import type { PartialCaption } from "../caption/caption-options.ts";
import type { Captioner, CaptionOutcome, NamedPicture } from "../node/captioner.ts";
import { plainError } from "../base/errors.ts";
import { RetryLaterError, statusOf } from "./refusal.ts";
import type { RequestOptions } from "./schemas.ts";

/** What became of a picture. */
export type QueueOutcome = CaptionOutcome<NamedPicture>;

/** Pictures to be captioned alike. */
export interface QueueWork {
  readonly pictures: readonly NamedPicture[];
  readonly options: RequestOptions;
  /** Gives up what is not done yet; its reason is what the promises are rejected with. */
  readonly signal: AbortSignal;
  /** Told how each picture's caption comes about, by its place in `pictures`. */
  readonly onPartial?: (partial: PartialCaption) => void;
}

/** Settings of a {@link CaptionQueue}. */
export interface QueueOptions {
  /** Most pictures that wait. */
  readonly maxWaiting: number;
  /** Told of each batch that has been captioned. */
  readonly onBatch?: (pictures: number) => void;
}

/** Pictures that go through the encoder together, and batches under way at a time: one is computed, the other's pictures are read. */
const batchSize = 8;
const batchesAhead = 2;
/** How long a batch that is not full waits for more while the engine is busy anyway. */
const gatherMs = 10;

interface Job {
  readonly picture: NamedPicture;
  readonly options: RequestOptions;
  /** Jobs of equal keys may share a batch. */
  readonly key: string;
  readonly signal: AbortSignal;
  readonly onPartial: ((partial: PartialCaption) => void) | undefined;
  readonly settle: (outcome: QueueOutcome) => void;
}

/** A queue before a captioner, which it does not own. */
export class CaptionQueue {
  readonly #captioner: Captioner;
  readonly #options: QueueOptions;
  #waiting: Job[] = [];
  #running = 0;
  #gathering: NodeJS.Timeout | undefined;
  /** Moving average; a first guess until something is measured. */
  #msPerPicture = 100;
  #failing = false;
  #onIdle: (() => void)[] = [];

  constructor(captioner: Captioner, options: QueueOptions) {
    this.#captioner = captioner;
    this.#options = options;
  }

  /** Pictures that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Whether the captioner itself failed last: its thread has ended, say. */
  get failing(): boolean {
    return this.#failing;
  }

  /**
   * Takes all pictures or none; a promise for each, in order.
   * @throws ShowtellError `BUSY` if more would wait than may.
   */
  add({ pictures, options, signal, onPartial }: QueueWork): readonly Promise<QueueOutcome>[] {
    const room = this.#options.maxWaiting - this.#waiting.length;
    if (pictures.length > room) throw this.#busy(pictures.length, room);
    const key = JSON.stringify(options);
    const outcomes = pictures.map(
      (picture, place) =>
        new Promise<QueueOutcome>((resolve, reject) => {
          const giveUp = (): void => {
            this.#waiting = this.#waiting.filter((other) => other !== job);
            reject(signal.reason as Error);
          };
          const settle = (outcome: QueueOutcome): void => {
            signal.removeEventListener("abort", giveUp);
            resolve(outcome);
          };
          const tell = onPartial && ((partial: PartialCaption): void => onPartial({ ...partial, image: place }));
          const job: Job = { picture, options, key, signal, onPartial: tell, settle };
          if (signal.aborted) return giveUp();
          signal.addEventListener("abort", giveUp, { once: true });
          this.#waiting.push(job);
        }),
    );
    this.#dispatch();
    return outcomes;
  }

  /** Resolves once nothing waits and nothing is being captioned. */
  async drained(): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  get #isIdle(): boolean {
    return this.#running === 0 && this.#waiting.length === 0;
  }

  #busy(pictures: number, room: number): RetryLaterError {
    const seconds = Math.max(1, Math.ceil((this.#waiting.length * this.#msPerPicture) / 1000));
    const message = `${pictures} more can't wait, there is room for ${room}: try again in ${seconds} s`;
    return new RetryLaterError("BUSY", message, seconds);
  }

  /** Starts batches: at once while the engine has nothing to do, else when they are full or nobody has joined for a while. */
  #dispatch(gathered = false): void {
    if (this.#running >= batchesAhead || this.#waiting.length === 0) return;
    if (this.#running > 0 && !gathered && this.#waiting.length < batchSize) {
      this.#gathering ??= setTimeout(() => this.#dispatch(true), gatherMs);
      return;
    }
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    void this.#run(this.#nextBatch());
    this.#dispatch();
  }

  /** The one that waits longest, and others like it. */
  #nextBatch(): readonly Job[] {
    const [first] = this.#waiting;
    const batch = this.#waiting.filter(({ key }) => key === first!.key).slice(0, batchSize);
    this.#waiting = this.#waiting.filter((job) => !batch.includes(job));
    return batch;
  }

  async #run(batch: readonly Job[]): Promise<void> {
    this.#running++;
    const started = performance.now();
    try {
      const outcomes = await this.#outcomesOf(batch);
      batch.forEach(({ settle }, i) => settle(outcomes[i]!));
      this.#failing = false;
    } catch (thrown) {
      const error = plainError(thrown);
      this.#failing = statusOf(error.code) === 500;
      for (const { picture, settle } of batch) settle({ image: picture, error });
    }
    this.#running--;
    this.#msPerPicture += 0.2 * ((performance.now() - started) / batch.length - this.#msPerPicture);
    this.#options.onBatch?.(batch.length);
    this.#dispatch();
    if (this.#isIdle) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  /** Captions a batch; cancels it once all who asked for it have left. */
  async #outcomesOf(batch: readonly Job[]): Promise<readonly QueueOutcome[]> {
    const everybodyLeft = new AbortController();
    const onLeave = (): void => {
      if (batch.every(({ signal }) => signal.aborted)) everybodyLeft.abort();
    };
    for (const { signal } of batch) signal.addEventListener("abort", onLeave);
    onLeave();
    const listens = batch.some(({ onPartial }) => onPartial !== undefined);
    const onPartial = (partial: PartialCaption): void => batch[partial.image]?.onPartial?.(partial);
    const options = { ...batch[0]!.options, signal: everybodyLeft.signal, ...(listens && { onPartial }) };
    const pictures = batch.map(({ picture }) => picture);
    try {
      const outcomes: QueueOutcome[] = [];
      for await (const outcome of this.#captioner.captionAll(pictures, options)) outcomes.push(outcome);
      return outcomes;
    } finally {
      for (const { signal } of batch) signal.removeEventListener("abort", onLeave);
    }
  }
}
