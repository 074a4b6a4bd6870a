// Who may come in: counts the requests under way and the bytes that they hold, so that no crowd of them fills the memory. Knows no route.
import { setMaxListeners } from "node:events";
import { ShowtellError } from "../base/errors.ts";
import { RetryLaterError } from "./refusal.ts";
import type { ServiceLimits } from "./limits.ts";

/** A request's stay; `leave` ends it, whatever happened. */
export interface Stay {
  /** Aborted when the client leaves or the time is up; the reason is a ShowtellError. */
  readonly signal: AbortSignal;
  /** Counts so many bytes to it, if it does not have as many already. @throws ShowtellError `BUSY`. */
  hold(bytes: number): void;
  /** Aborts the signal as if the client had left. */
  giveUp(): void;
  leave(): void;
}

/** The door of the service. */
export class Admission {
  readonly #limits: ServiceLimits;
  #heldBytes = 0;
  #open = 0;
  #closed = false;
  #onEmpty: (() => void)[] = [];

  constructor(limits: ServiceLimits) {
    this.#limits = limits;
  }

  /** Requests that are in. */
  get open(): number {
    return this.#open;
  }

  /** Whether nothing new is taken. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Takes nothing new from now on. */
  close(): void {
    this.#closed = true;
  }

  /** Resolves once nobody is in. */
  async emptied(): Promise<void> {
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }

  /**
   * Lets a request in for as long as it may take. What it announces is only refused if it is too much: it counts as it comes, since
   * to announce costs nothing.
   * @throws ShowtellError `SHUTTING_DOWN`, `REQUEST_TOO_LARGE`.
   */
  enter(request: Request, maxBytes: number): Stay {
    if (this.#closed) throw new RetryLaterError("SHUTTING_DOWN", "the service is being stopped", 5);
    const { maxHeldBytes, deadlineMs } = this.#limits;
    const announced = announcedBytes(request);
    if (announced !== undefined && announced > maxBytes) throw tooLarge(announced, maxBytes);
    let held = 0;
    const hold = (bytes: number): void => {
      const more = Math.max(0, bytes - held);
      if (this.#heldBytes + more > maxHeldBytes) {
        throw new RetryLaterError(
          "BUSY",
          "the requests under way hold as much memory as they may: try again in 1 s",
          1,
        );
      }
      held += more;
      this.#heldBytes += more;
    };
    const { signal, giveUp, stop } = timeLimit(request.signal, deadlineMs);
    this.#open++;
    const leave = (): void => {
      stop();
      this.#open--;
      this.#heldBytes -= held;
      if (this.#open === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    };
    return { signal, hold, giveUp, leave };
  }
}

/** The error for a request of too many bytes. */
export function tooLarge(bytes: number, limit: number): ShowtellError {
  return new ShowtellError(
    "REQUEST_TOO_LARGE",
    `the body has ${bytes} bytes or more; at most ${limit} are taken: send less at a time`,
  );
}

function announcedBytes(request: Request): number | undefined {
  const header = request.headers.get("content-length");
  return header === null || !/^\d+$/.test(header) ? undefined : Number(header);
}

/** A signal for a client's leaving and for the end of its time. */
function timeLimit(client: AbortSignal, deadlineMs: number): Pick<Stay, "signal" | "giveUp"> & { stop: () => void } {
  const controller = new AbortController();
  // Each picture of a request listens; there are few, and they go when it ends.
  setMaxListeners(0, controller.signal);
  const giveUp = (): void => controller.abort(new ShowtellError("CANCELLED", "the client has left"));
  const late = (): void => {
    const seconds = deadlineMs / 1000;
    controller.abort(new RetryLaterError("DEADLINE", `not finished within ${seconds} s: try again later`, 1));
  };
  client.addEventListener("abort", giveUp, { once: true });
  if (client.aborted) giveUp();
  const timer = setTimeout(late, deadlineMs);
  const stop = (): void => {
    clearTimeout(timer);
    client.removeEventListener("abort", giveUp);
  };
  return { signal: controller.signal, giveUp, stop };
}
