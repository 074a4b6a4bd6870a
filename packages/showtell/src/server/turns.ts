// Turns: what only so many may do at a time, and the line before it, which can be left. Knows nothing of what is done.
import { RetryLaterError } from "./refusal.ts";

/** Turns at something. */
export class Turns {
  readonly #atOnce: number;
  readonly #mostWaiting: number;
  #taken = 0;
  #line: (() => void)[] = [];

  constructor(atOnce: number, mostWaiting: number) {
    this.#atOnce = atOnce;
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Does something once it is its turn.
   * @throws ShowtellError `BUSY` if more would wait than may; the signal's reason if that comes before the turn.
   */
  async take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#turn(signal);
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#taken--;
      else next();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#taken < this.#atOnce) {
      this.#taken++;
      return;
    }
    if (this.#line.length >= this.#mostWaiting) {
      throw new RetryLaterError("BUSY", `${this.#line.length} wait already, as many as may: try again in 1 s`, 1);
    }
    await new Promise<void>((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#line = this.#line.filter((other) => other !== begin);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#line.push(begin);
    });
  }
}
