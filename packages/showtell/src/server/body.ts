// A request's body in memory: bounded in bytes and given up with its request. Knows nothing of what is in it.
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { Stay } from "./admission.ts";
import { tooLarge } from "./admission.ts";

/**
 * All bytes of a body.
 * @throws ShowtellError `REQUEST_TOO_LARGE` or `BUSY` as soon as there are too many, `REQUEST_FORMAT` if the body breaks off; the reason for
 * which the stay ended.
 */
export async function readBody(request: Request, maxBytes: number, stay: Stay): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array(0);
  const { signal } = stay;
  const reader = request.body.getReader();
  const giveUp = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const whole = await allOf(reader, maxBytes, stay);
    // A reader that is cancelled ends as if the body did.
    if (!signal.aborted) return whole;
  } catch (cause) {
    void reader.cancel().catch(() => undefined);
    if (cause instanceof ShowtellError) throw cause;
    if (!signal.aborted)
      throw new ShowtellError("REQUEST_FORMAT", `the body broke off: ${messageOf(cause)}`, { cause });
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
  throw signal.reason;
}

/** Bytes that are held at a time of what comes in smaller pieces. */
const blockBytes = 65_536;

async function allOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  stay: Stay,
): Promise<Uint8Array<ArrayBuffer>> {
  const blocks: Uint8Array[] = [];
  let [size, room] = [0, new Uint8Array(0)];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > maxBytes) throw tooLarge(size, maxBytes);
    stay.hold(size);
    // Into blocks, for a piece may be a single byte, and be held in hundreds.
    for (let rest = value; rest.length > 0;) {
      if (room.length === 0) blocks.push((room = new Uint8Array(blockBytes)));
      const some = rest.subarray(0, room.length);
      room.set(some);
      room = room.subarray(some.length);
      rest = rest.subarray(some.length);
    }
  }
  const whole = new Uint8Array(size);
  for (const [i, block] of blocks.entries()) whole.set(block.subarray(0, size - i * blockBytes), i * blockBytes);
  return whole;
}
