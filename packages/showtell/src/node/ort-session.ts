// The session port on onnxruntime-node, on the thread that calls it: `run` blocks that thread, so it belongs in a worker.
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import ort from "onnxruntime-node";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { DType, Tensor } from "../base/tensor.ts";
import type { OpenSession, Session, SessionOptions, Tensors } from "../engine/session.ts";
import { doneName, isStop, notDone, stopName, withStop } from "./in-place.ts";
import { defaultThreads } from "./threads.ts";

// All of the engine's types but strings have the same names and arrays here.
function toOrt({ dtype, shape, data }: Tensor): OrtTensor {
  const converted = new ort.Tensor(dtype as "float32", data as Float32Array, shape);
  // Where the language has a Float16Array (Node 24), the engine's JavaScript part makes halves one, which its native part can't read.
  return dtype === "float16" ? Object.defineProperty(converted, "data", { value: data }) : converted;
}

function fromOrt({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as DType, shape: dims, data: type === "float16" ? bitsOf(data) : (data as Float32Array) };
}

/** Halves as bits, whichever array the engine hands them out in. */
function bitsOf(halves: OrtTensor["data"]): Uint16Array {
  const { buffer, byteOffset, length } = halves as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}

function mapped<A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  const result: Record<string, B> = {};
  for (const name in record) result[name] = change(record[name]!);
  return result;
}

function engineError(task: string, cause: unknown): ShowtellError {
  return new ShowtellError("ENGINE", `the inference engine could not ${task}: ${messageOf(cause)}`, { cause });
}

class NodeSession implements Session {
  readonly #session: InferenceSession;
  readonly #wanted: readonly string[];
  readonly #inPlace: boolean;

  constructor(session: InferenceSession, inPlace: boolean) {
    this.#session = session;
    this.#wanted = session.outputNames.filter((name) => !inPlace || ![stopName, doneName].includes(name));
    this.#inPlace = inPlace;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#wanted;
  }

  async run(feeds: Tensors, into: Tensors = {}): Promise<Record<string, Tensor>> {
    try {
      const [fed, fetches] = [mapped(feeds, toOrt), this.#fetches(into)];
      if (this.#inPlace) return await this.#fill(fed, fetches, into);
      const results = await this.#session.run(fed, fetches);
      return mapped(results as Readonly<Record<string, OrtTensor>>, fromOrt);
    } catch (cause) {
      throw engineError("run a model", cause);
    }
  }

  /** Runs the model for what it writes into the arrays given; see in-place.ts. */
  async #fill(
    feeds: Record<string, OrtTensor>,
    fetches: Record<string, OrtTensor | null>,
    into: Tensors,
  ): Promise<Record<string, Tensor>> {
    const missing = this.#wanted.find((name) => into[name] === undefined);
    if (missing !== undefined) throw new RangeError(`output "${missing}" has no place, and was to have one`);
    const done = notDone();
    await this.#session
      .run(feeds, { [stopName]: null, [doneName]: toOrt(done), ...fetches })
      .catch((failure: unknown) => {
        if (!isStop(failure, done)) throw failure;
      });
    return { ...into };
  }

  #fetches(into: Tensors): Record<string, OrtTensor | null> {
    const stranger = Object.keys(into).find((name) => !this.#wanted.includes(name));
    if (stranger !== undefined) throw new RangeError(`"${stranger}" is to be filled, but the model has no such output`);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const name of this.#wanted) {
      const target = into[name];
      fetches[name] = target === undefined ? null : toOrt(target);
    }
    return fetches;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

/**
 * Compiles a model for the CPU. Threads default to the available parallelism, which respects a container's quota
 * where the engine's own default does not.
 * @throws ShowtellError `ENGINE` if the model is not valid.
 */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  try {
    const { inPlace = false } = options;
    const session = await ort.InferenceSession.create(inPlace ? withStop(model) : model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.threads ?? defaultThreads(),
      interOpNumThreads: 1,
      // The plan of one block for all intermediates costs nearly twice the memory here, and saves no time.
      enableMemPattern: false,
      graphOptimizationLevel: "all",
      // Each session has threads of its own, which wait busily for work. By default they do so for long after a run and take the
      // cores from whatever runs next; for so short a time they are still awake for the next step of a search.
      extra: { session: { intra_op: { spin_duration_us: "100" } } },
      // Fatal only: what fails is thrown, and the library is silent.
      logSeverityLevel: 4,
    });
    return new NodeSession(session, inPlace);
  } catch (cause) {
    throw engineError("compile a model", cause);
  }
}

/** Opens sessions with so many threads, where a caller names no others; undefined: as many as are there. */
export function sessionsWith(threads: number | undefined): OpenSession {
  return (model, options) => openSession(model, { ...(threads !== undefined && { threads }), ...options });
}
