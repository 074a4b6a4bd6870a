// The session port: how showtell runs a compiled graph. The contract only; each platform implements it (node/, web/).
import type { Tensor } from "../base/tensor.ts";

/** Tensors by input or output name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/**
 * A compiled model.
 *
 * Contract, held by one conformance suite on every platform:
 * - `run` resolves with every output; those named in `into` are written to the arrays given there, all others are fresh and the caller's.
 * - The caller owns `feeds` and `into` and leaves them alone until `run` resolves. An array may be in both where what is written depends on
 *   all else that is read of it: a training step knows the norm of all gradients before it writes a weight.
 * - Feeds that the model does not take are left aside (an export drops inputs that nothing needs); a name in `into` that is
 *   no output is an error.
 * - One `run` at a time; what fails rejects with a ShowtellError `ENGINE`, and the next run may succeed.
 * - After `dispose` nothing else may be called.
 */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Tensors, into?: Tensors): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

/** Settings for opening a session. */
export interface SessionOptions {
  /** Threads for one operator; default: the platform's choice (Node: available parallelism, capped by the container's quota). */
  readonly threads?: number;
  /** Whether every run gives all outputs a place in `into`; an engine may spare itself what handing them out costs. Default: no. */
  readonly inPlace?: boolean;
}

/** Opens for each item what holds memory until it is disposed of, one after the other; where one can't be opened, those before it are disposed of. */
export async function openedInTurn<Item, Opened extends { dispose(): Promise<void> }>(
  items: readonly Item[],
  open: (item: Item) => Promise<Opened>,
): Promise<readonly Opened[]> {
  const opened: Opened[] = [];
  try {
    for (const item of items) opened.push(await open(item));
    return opened;
  } catch (error) {
    for (const one of opened) await one.dispose();
    throw error;
  }
}

/** Compiles an ONNX model given as the bytes of its file. */
export type OpenSession = (model: Uint8Array, options?: SessionOptions) => Promise<Session>;
