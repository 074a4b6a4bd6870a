// A decoder of a bundle as a stepper: what searches run on. Knows engines and features, but no words.
import { decodeFloat16 } from "../base/float16.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor } from "../base/tensor.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import type { DecoderManifest } from "../bundle/manifest.ts";
import { parameterContent } from "../bundle/precision.ts";
import type { OpenSession, Session, SessionOptions, Tensors } from "../engine/session.ts";
import { openedInTurn } from "../engine/session.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import type { InferenceGraphs } from "../models/inference-graphs.ts";
import { inferenceGraphs, nextState } from "../models/inference-graphs.ts";
import { paddedWords } from "../nn/vocabulary-layer.ts";
import type { Step, Stepper } from "../search/stepper.ts";
import { startId } from "../text/vocabulary.ts";

/** Float16 bits of features, [images, ...]. */
export interface FeatureBatch {
  readonly images: number;
  readonly data: Uint16Array;
}

/** Tensors by name; immutable. */
interface DecoderState {
  readonly memory: Readonly<Record<string, Tensor>>;
  readonly state: Readonly<Record<string, Tensor>>;
}

/** A decoder ready to be searched. */
export interface DecoderStepper extends Stepper<FeatureBatch, DecoderState> {
  dispose(): Promise<void>;
}

function int64(values: Int32Array): Tensor<"int64"> {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]!);
  return tensor("int64", [values.length], data);
}

/** Compiles a decoder's two graphs. */
export function openDecoderStepper(
  { manifest, tensors }: BundlePart<DecoderManifest>,
  openSession: OpenSession,
  options: SessionOptions = {},
): Promise<DecoderStepper> {
  const graphs = inferenceGraphs(manifest.spec, (name) => parameterContent(tensors, name));
  return openStepper(manifest.spec, graphs, () => ({}), openSession, options);
}

/**
 * A stepper over a decoder that is learning.
 * @param weights Its parameters as they are now; asked for at every step.
 */
export function openLearningStepper(
  spec: DecoderSpec,
  weights: () => Tensors,
  openSession: OpenSession,
): Promise<DecoderStepper> {
  return openStepper(spec, inferenceGraphs(spec, "inputs"), weights, openSession, {});
}

async function openStepper(
  spec: DecoderSpec,
  graphs: InferenceGraphs,
  weights: () => Tensors,
  openSession: OpenSession,
  options: SessionOptions,
): Promise<DecoderStepper> {
  const opened = await openedInTurn([graphs.begin, graphs.step], (graph) => openSession(graph, options));
  const [begin, step] = opened as [Session, Session];

  async function next(
    { memory, state }: DecoderState,
    parents: Int32Array,
    words: Int32Array,
  ): Promise<Step<DecoderState>> {
    const feeds = { ...weights(), ...memory, ...state, parents: int64(parents), words: int64(words) };
    const outputs = await step.run(feeds);
    const logProbabilities = outputs["logProbabilities"]!.data as Float32Array;
    const attention = outputs["attention"]?.data as Float32Array | undefined;
    return { state: { memory, state: nextState(outputs) }, logProbabilities, ...(attention && { attention }) };
  }

  return {
    width: paddedWords(spec.words),
    async start({ images, data }) {
      const features = tensor("float32", [images, ...spec.features], decodeFloat16(data));
      const begun = Object.entries(await begin.run({ ...weights(), features }));
      const named = (prefix: string): Record<string, Tensor> =>
        Object.fromEntries(begun.filter(([name]) => name.startsWith(prefix)));
      const rows = Int32Array.from({ length: images }, (_, row) => row);
      return next({ memory: named("memory."), state: named("state.") }, rows, new Int32Array(images).fill(startId));
    },
    next,
    async dispose() {
      await begin.dispose();
      await step.dispose();
    },
  };
}
