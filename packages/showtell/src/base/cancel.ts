// Cancelling: the part of AbortSignal that the library uses, so that core code compiles without any platform's types.
import { ShowtellError } from "./errors.ts";

/** What a long call needs of an `AbortSignal`; every `AbortSignal` satisfies it. */
export interface CancelSignal {
  readonly aborted: boolean;
}

/** Throws a `CANCELLED` error if the signal was aborted; call it between engine runs. */
export function throwIfCancelled(signal: CancelSignal | undefined): void {
  if (signal?.aborted === true) throw new ShowtellError("CANCELLED", "cancelled by the caller");
}

// Every platform has it, the language's own library does not.
declare const setTimeout: (callback: () => void, timeoutMs: number) => unknown;

/** Lets messages in after each hundred samples of a bootstrap. */
export function pausedBy(signal: CancelSignal | undefined): (done: number) => Promise<void> | undefined {
  return (done) => (done % 100 === 0 ? pause(signal) : undefined);
}

/** Lets messages in (a cancellation, say) during a long computation, and throws a `CANCELLED` error if one of them was that. */
export async function pause(signal: CancelSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve, 0));
  throwIfCancelled(signal);
}
