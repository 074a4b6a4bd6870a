// The session port on onnxruntime-web. It does not fill arrays that are given for outputs, so the port copies.
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { DType, Tensor } from "../base/tensor.ts";
import { bytesOf } from "../base/tensor.ts";
import type { OpenSession, Session, Tensors } from "../engine/session.ts";
import type { WebEngine } from "./engine.ts";

function engineError(task: string, cause: unknown): ShowtellError {
  return new ShowtellError("ENGINE", `the inference engine could not ${task}: ${messageOf(cause)}`, { cause });
}

// All of the engine's types but strings have the same names and arrays here; halves come in whichever array the language has for them.
function fromOrt({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as DType, shape: dims, data: type === "float16" ? bitsOf(data) : (data as Float32Array) };
}

function bitsOf(halves: OrtTensor["data"]): Uint16Array {
  const { buffer, byteOffset, length } = halves as Uint16Array;
  return new Uint16Array(buffer, byteOffset, length);
}

/** Writes a result into the array that was given for it. */
function fill(name: string, target: Tensor, result: Tensor): void {
  const [wanted, found] = [target, result].map(({ dtype, shape }) => `${dtype} [${shape.join(", ")}]`);
  if (wanted !== found || target.data.constructor !== result.data.constructor) {
    throw new RangeError(
      `"${name}" is ${found}, the array to be filled ${wanted} in a ${target.data.constructor.name}`,
    );
  }
  bytesOf(target).set(bytesOf(result));
}

class WebSession implements Session {
  readonly #engine: WebEngine;
  readonly #session: InferenceSession;

  constructor(engine: WebEngine, session: InferenceSession) {
    this.#engine = engine;
    this.#session = session;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(feeds: Tensors, into: Tensors = {}): Promise<Record<string, Tensor>> {
    try {
      const stranger = Object.keys(into).find((name) => !this.outputNames.includes(name));
      if (stranger !== undefined)
        throw new RangeError(`"${stranger}" is to be filled, but the model has no such output`);
      const results = await this.#session.run(this.#taken(feeds));
      return Object.fromEntries(
        this.outputNames.map((name) => {
          const result = fromOrt(results[name]!);
          const target = into[name];
          if (target === undefined) return [name, result];
          fill(name, target, result);
          return [name, target];
        }),
      );
    } catch (cause) {
      throw engineError("run a model", cause);
    }
  }

  /** The feeds that the model takes: the engine refuses others. */
  #taken(feeds: Tensors): Record<string, OrtTensor> {
    const taken: Record<string, OrtTensor> = {};
    for (const name of this.inputNames) {
      const feed = feeds[name];
      if (feed === undefined) throw new RangeError(`input "${name}" is missing`);
      taken[name] = new this.#engine.ort.Tensor(feed.dtype as "float32", feed.data as Float32Array, feed.shape);
    }
    return taken;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

/**
 * Sessions of a started engine. All share its threads: the option of a single session for them is left aside.
 * Opening throws ShowtellError `ENGINE` if the model is not valid.
 */
export function sessionsOf(engine: WebEngine): OpenSession {
  const { device } = engine.description;
  return async (model) => {
    try {
      const session = await engine.ort.InferenceSession.create(model, {
        executionProviders: device === "webgpu" ? ["webgpu", "wasm"] : ["wasm"],
        graphOptimizationLevel: "all",
        enableMemPattern: false,
        logSeverityLevel: 4,
      });
      return new WebSession(engine, session);
    } catch (cause) {
      throw engineError("compile a model", cause);
    }
  };
}
