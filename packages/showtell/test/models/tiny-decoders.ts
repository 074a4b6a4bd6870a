// Tiny decoders of every kind, with first weights, masks and a stepper over their two graphs: what the tests of models share.
import { decodeFloat16, encodeFloat16 } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import type { Tensor } from "../../src/base/tensor.ts";
import { sizeOf, tensor, zeros } from "../../src/base/tensor.ts";
import type { DecoderKind, DecoderSpec } from "../../src/models/catalogue.ts";
import { decoderKinds, decoderNamed, decoderOf } from "../../src/models/catalogue.ts";
import type { DecoderOptions } from "../../src/models/decoder-options.ts";
import { decoderChoices } from "../../src/models/decoder-options.ts";
import { inferenceGraphs, nextState } from "../../src/models/inference-graphs.ts";
import type { TrainingGraph } from "../../src/models/training-graph.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { adamScalarNames, adamScalars, momentNames } from "../../src/nn/adam.ts";
import type { AdamOptions } from "../../src/nn/adam.ts";
import { drawMask } from "../../src/nn/noise.ts";
import { paddedWords } from "../../src/nn/vocabulary-layer.ts";
import { integers, numbersOf, scalar } from "../tensors.ts";

/** The options of a decoder's variants. Each choice that a decoder leaves its user is met at least once; the first variant makes none. */
export function choicesOf(kind: DecoderKind): readonly Partial<DecoderOptions>[] {
  const own = Object.entries(decoderChoices).filter(([name]) =>
    decoderNamed(kind).takes.some((taken) => taken === name),
  );
  const count = Math.max(1, ...own.map(([, values]) => values.length));
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(i === 0 ? [] : own.map(([name, values]) => [name, values[i % values.length]])),
  );
}

/** A name for what was chosen. */
export function nameOfChoices(choices: Partial<DecoderOptions>): string {
  return (
    Object.values(choices)
      .filter((value) => typeof value === "string")
      .join(" ") || "as it is"
  );
}

/** Words of the tiny decoders' attributes. */
const attributes = [9, 4, 6, 16];

function tinyDecoder(kind: DecoderKind, choices: Partial<DecoderOptions>, variant: number): DecoderSpec {
  const projected = variant === 1;
  const decoder = decoderNamed(kind);
  const sizes = {
    features: decoder.layer === "pooled" ? [12] : [3, 12],
    words: projected ? 64 : 17,
    embeddingSize: 10,
    vectorSize: projected ? 5 : 10,
    vectors: projected ? "frozen" : "random",
    ...(variant > 0 && { attributes }),
  } as const;
  const dropout = projected ? { features: 0, input: 0, output: 0.5 } : { features: 0.2, input: 0.2, output: 0.3 };
  return decoder.specOf(sizes, { hiddenSize: 14, attentionSize: 9, heads: 2, dropout, ...choices });
}

/** All tiny decoders, of every kind with every choice: name, specification. */
export const tinyDecoders: readonly (readonly [name: string, spec: DecoderSpec])[] = decoderKinds.flatMap((kind) => {
  const all = choicesOf(kind);
  return [...all, ...(all.length === 1 ? all : [])].map((choices, i) => {
    const name = `${kind}, ${nameOfChoices(choices)}${i === 1 ? ", with projected frozen vectors" : ""}${i > 0 ? ", with attributes" : ""}`;
    return [name, tinyDecoder(kind, choices, i)] as const;
  });
});

type Floats = Record<string, Tensor<"float32">>;

/** A value for every parameter, all different from zero and larger than in training, so that mistakes show. */
export function drawnParameters(spec: DecoderSpec): Floats {
  return Object.fromEntries(
    Object.entries(decoderOf(spec).parameters(spec)).map(([name, { shape }]) => {
      const random = seededRandom(5, name);
      return [
        name,
        tensor(
          "float32",
          shape,
          Float32Array.from({ length: sizeOf(shape) }, () => 0.5 * random.normal()),
        ),
      ];
    }),
  );
}

/** Features of some pictures, all different, and numbers that a half holds, in which training reads them. */
export function drawnFeatures(spec: DecoderSpec, images: number): Tensor<"float32"> {
  const random = seededRandom(6, "features");
  const shape = [images, ...spec.features];
  return tensor(
    "float32",
    shape,
    decodeFloat16(encodeFloat16(Float32Array.from({ length: sizeOf(shape) }, () => random.normal()))),
  );
}

/** What a training graph is fed besides parameters and tokens: moments of zero, the optimiser's scalars, drawn masks. */
export function trainingFeeds(parameters: Floats, { masks }: TrainingGraph, adam: AdamOptions, rate = 0.01): Floats {
  const feeds: Floats = { ...parameters };
  for (const [name, { shape }] of Object.entries(parameters)) {
    for (const moment of momentNames(name)) feeds[moment] = zeros("float32", shape);
  }
  adamScalars(1, rate, adam).forEach((value, i) => (feeds[adamScalarNames[i]!] = scalar(value)));
  for (const mask of masks) {
    feeds[mask.name] = zeros("float32", mask.shape);
    drawMask(mask.rate, seededRandom(7, mask.name), feeds[mask.name]!.data);
  }
  return feeds;
}

/** Where a row stands in its sentence: memory of the pictures, state of the rows. */
export interface Position {
  readonly memory: Readonly<Record<string, Tensor>>;
  readonly state: Readonly<Record<string, Tensor>>;
}

/** A decoder's two graphs, compiled. */
export interface Steps {
  begin(features: Tensor): Promise<Position>;
  /** Log-probabilities of every word, a list a row. */
  step(
    position: Position,
    parents: readonly number[],
    words: readonly number[],
  ): Promise<{
    readonly position: Position;
    readonly logProbabilities: readonly (readonly number[])[];
    /** Where the decoder has some: how much each row looked at each position, and how much at none. */
    readonly attention?: readonly (readonly number[])[];
    readonly sentinel?: readonly number[];
  }>;
  dispose(): Promise<void>;
}

function starting<T>(record: Readonly<Record<string, T>>, prefix: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name.startsWith(prefix)));
}

/** The rows of a matrix. */
function rowsOf(matrix: Tensor): readonly (readonly number[])[] {
  const [rows, width] = matrix.shape as readonly [number, number];
  const all = numbersOf(matrix);
  return Array.from({ length: rows }, (_, row) => all.slice(row * width, (row + 1) * width));
}

/** Compiles a decoder for word-by-word use. */
export async function openSteps(spec: DecoderSpec, parameters: Readonly<Record<string, Tensor>>): Promise<Steps> {
  const graphs = inferenceGraphs(spec, (name) => parameters[name]!);
  const [begin, step] = [
    await openSession(graphs.begin, { threads: 1 }),
    await openSession(graphs.step, { threads: 1 }),
  ];
  return {
    async begin(features) {
      const begun = await begin.run({ features });
      return { memory: starting(begun, "memory."), state: starting(begun, "state.") };
    },
    async step({ memory, state }, parents, words) {
      const outputs = await step.run({ ...memory, ...state, parents: integers(parents), words: integers(words) });
      const width = paddedWords(spec.words);
      const all = numbersOf(outputs["logProbabilities"]);
      const logProbabilities = words.map((_, row) => all.slice(row * width, (row + 1) * width));
      const { attention, sentinel } = outputs;
      return {
        position: { memory, state: nextState(outputs) },
        logProbabilities,
        ...(attention && { attention: rowsOf(attention) }),
        ...(sentinel && { sentinel: numbersOf(sentinel) }),
      };
    },
    async dispose() {
      await begin.dispose();
      await step.dispose();
    },
  };
}
