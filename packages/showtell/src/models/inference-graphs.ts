// The two graphs of captioning: what runs once a picture, and one step of the search. Sizes of batches are names.
import type { Tensor } from "../base/tensor.ts";
import { tensor } from "../base/tensor.ts";
import type { Tensors } from "../engine/session.ts";
import { exportModel } from "../graph/export.ts";
import type { ParameterContent } from "../graph/export.ts";
import { Graph } from "../graph/graph.ts";
import type { Dim, Value } from "../graph/graph.ts";
import { gather } from "../graph/operators/indexing.ts";
import { logSoftmax } from "../graph/operators/reduction.ts";
import { noNoise } from "../nn/noise.ts";
import { declareParameters } from "../nn/parameters.ts";
import { decoderOf } from "./catalogue.ts";
import type { DecoderSpec } from "./catalogue.ts";
import type { Values } from "./decoder.ts";

/** A dimension of size 0 is that of what was said before, which grows. */
function growing(dimension: Dim): Dim {
  return dimension === 0 ? "said" : dimension;
}

function named(prefix: string, values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** A decoder ready to run. State tensors are `state.*`, what belongs to a picture is `memory.*`. */
export interface InferenceGraphs {
  /** `features` [images, ...] → `memory.*`, `state.*` [images, ...]. */
  readonly begin: Uint8Array;
  /**
   * `parents` [rows] (int64, rows of the state fed), `words` [rows], `state.*` [before, ...], `memory.*` [images, ...]
   * → `logProbabilities` [rows, padded words], `next.state.*` [rows, ...], `attention` [rows, positions] where the decoder has some, and
   * `sentinel` [rows, 1] where it may look away. A dimension of size 0 in the first state is one longer after every step.
   */
  readonly step: Uint8Array;
}

/**
 * Exports both graphs.
 * @param weights The parameters' contents, which are then stored inside, or `"inputs"`: they are fed at every run, while they learn.
 */
export function inferenceGraphs(
  spec: DecoderSpec,
  weights: ((name: string) => ParameterContent) | "inputs",
): InferenceGraphs {
  const decoder = decoderOf(spec);
  const specs = decoder.parameters(spec);
  const options = { parameters: weights };

  const first = new Graph();
  const firstParameters = declareParameters(first, specs);
  const begun = decoder.begin(firstParameters, spec, first.input("features", ["images", ...spec.features]), noNoise);

  const second = new Graph();
  const p = declareParameters(second, specs);
  const parents = second.input("parents", ["rows"], "int64");
  const declare = (prefix: string, rows: string, values: Values): Values =>
    Object.fromEntries(
      Object.entries(values).map(([name, { dtype, shape }]) => [
        name,
        second.input(`${prefix}.${name}`, [rows, ...shape.slice(1).map(growing)], dtype),
      ]),
    );
  const memory = declare("memory", "images", begun.memory);
  const before = declare("state", "before", begun.state);
  const state = Object.fromEntries(Object.entries(before).map(([name, value]) => [name, gather(value, parents)]));
  const words = second.input("words", ["rows"], "int64");
  // What the decoder reads for a word depends on nothing but the word. All inputs are constant here, so the engine computes the whole
  // table when it compiles: a step is held up by the weights that it reads from memory, and these would be a third of them.
  const everyWord = tensor(
    "int64",
    [spec.words],
    BigInt64Array.from({ length: spec.words }, (_, id) => BigInt(id)),
  );
  const embedStored = (): Value => gather(decoder.embed(p, spec, second.constant(everyWord), noNoise), words);
  const input = weights === "inputs" ? decoder.embed(p, spec, words, noNoise) : embedStored();
  const stepped = decoder.step(p, spec, memory, state, input, noNoise);
  const told = decoder.logits(p, spec, memory, stepped.output, noNoise);
  const attention = told.attention ?? stepped.attention;

  return {
    begin: exportModel(
      first,
      { ...named("memory", begun.memory), ...named("state", begun.state) },
      { ...options, name: "begin" },
    ),
    step: exportModel(
      second,
      {
        logProbabilities: logSoftmax(told.logits),
        ...(attention && { attention }),
        ...(told.sentinel && { sentinel: told.sentinel }),
        ...named("next.state", stepped.state),
      },
      { ...options, name: "step" },
    ),
  };
}

/** Of a step's outputs those named `next.*`, under the names by which the following step takes them. */
export function nextState<T>(outputs: Readonly<Record<string, T>>): Record<string, T> {
  const next = Object.entries(outputs).filter(([name]) => name.startsWith("next."));
  return Object.fromEntries(next.map(([name, value]) => [name.slice("next.".length), value]));
}

/** Where each of a step's outputs is written to: those named `next.*` over what the following step takes, others, scalars, to themselves. */
export function placesOver(state: Tensors, outputNames: readonly string[]): Record<string, Tensor> {
  const places = outputNames.map((name) => {
    const place = name.startsWith("next.")
      ? state[name.slice("next.".length)]!
      : tensor("float32", [], new Float32Array(1));
    return [name, place] as const;
  });
  return Object.fromEntries(places);
}
