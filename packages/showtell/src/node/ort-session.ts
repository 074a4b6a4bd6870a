// The session port on onnxruntime-node, on the thread that calls it: `run` blocks that thread, so it belongs in a worker.
import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import ort from "onnxruntime-node";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { DType, Tensor } from "../base/tensor.ts";
import type { Session, SessionOptions, Tensors } from "../engine/session.ts";

// All of the engine's types but strings have the same names and arrays here.
function toOrt(value: Tensor): OrtTensor {
  return new ort.Tensor(value.dtype as "float32", value.data as Float32Array, value.shape);
}

function fromOrt(value: OrtTensor): Tensor {
  return { dtype: value.type as DType, shape: value.dims, data: value.data as Float32Array };
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

  constructor(session: InferenceSession) {
    this.#session = session;
    this.#wanted = session.outputNames;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#wanted;
  }

  async run(feeds: Tensors, into: Tensors = {}): Promise<Record<string, Tensor>> {
    const fetches: Record<string, OrtTensor | null> = {};
    for (const name of this.#wanted) {
      const target = into[name];
      fetches[name] = target === undefined ? null : toOrt(target);
    }
    try {
      const results = await this.#session.run(mapped(feeds, toOrt), fetches);
      return mapped(results as Readonly<Record<string, OrtTensor>>, fromOrt);
    } catch (cause) {
      throw engineError("run a model", cause);
    }
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
    const session = await ort.InferenceSession.create(model, {
      executionProviders: ["cpu"],
      intraOpNumThreads: options.threads ?? availableParallelism(),
      interOpNumThreads: 1,
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
    return new NodeSession(session);
  } catch (cause) {
    throw engineError("compile a model", cause);
  }
}
