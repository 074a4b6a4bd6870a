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
