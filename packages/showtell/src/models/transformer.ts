// A Transformer decoder (Vaswani et al. 2017) over the grid, with layer normalisation in front of each part (Xiong et al. 2020). Word by word
// it keeps keys and values of what was said; in training a whole sentence is one operation. Its layers are in transformer-layer.ts.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import { tensor } from "../base/tensor.ts";
import type { Graph, Value } from "../graph/graph.ts";
import { add, minimum } from "../graph/operators/arithmetic.ts";
import { gather } from "../graph/operators/indexing.ts";
import { reshape, sizesOf, slice } from "../graph/operators/reshaping.ts";
import { linear } from "../nn/layers.ts";
import type { Noise } from "../nn/noise.ts";
import type { Parameters, ParameterSpecs } from "../nn/parameters.ts";
import { biasSpec, weightSpec } from "../nn/parameters.ts";
import type { Architecture } from "../plot/architecture.ts";
import { parameterLine } from "./block-lines.ts";
import type { DropoutRates, PositionKind } from "./decoder-options.ts";
import { chosen, positionKinds } from "./decoder-options.ts";
import type { DecoderEntry, DecoderSizes, Stepped, Values } from "./decoder.ts";
import { gridBlock, gridParameters, gridRecipe, seenGrid } from "./grid-inputs.ts";
import {
  causalAttention,
  growingAttention,
  layerNorm,
  layerParameters,
  normParameters,
  pictureMemory,
  transformerLayer,
} from "./transformer-layer.ts";
import type { LayerSizes, SelfAttention } from "./transformer-layer.ts";
import { outputBlocks, outputEdges, outputLogits, outputParameters } from "./output-layer.ts";
import { commonSpecFields, sizeSchema, wordBlock, wordInputs, wordParameters } from "./word-inputs.ts";
import type { WordInputSpec } from "./word-inputs.ts";

/** Places that are told apart; words beyond share the last one. */
const places = 256;

/** Architecture of a Transformer decoder; `features` is a grid [positions, channels]. */
export interface TransformerSpec extends DecoderSizes, WordInputSpec {
  readonly kind: "transformer";
  /** Size of what runs through the layers. */
  readonly hiddenSize: number;
  /** Size inside a layer's feed-forward part. */
  readonly forwardSize: number;
  readonly layers: number;
  /** Heads of each attention; they divide `hiddenSize`. */
  readonly heads: number;
  readonly dropout: DropoutRates;
  /** How a word's place is told; default: learned. */
  readonly positions?: PositionKind | undefined;
}

function parameters(spec: TransformerSpec): ParameterSpecs {
  const { embeddingSize, hiddenSize, forwardSize, layers, positions = "learned" } = spec;
  const each = Array.from({ length: layers }, (_, i) => layerParameters(`layer${i + 1}`, hiddenSize, forwardSize));
  return {
    ...wordParameters(spec),
    "input.weight": weightSpec(embeddingSize, hiddenSize),
    "input.bias": biasSpec(hiddenSize),
    ...(positions === "learned" && {
      "input.places": { shape: [places, hiddenSize], init: { kind: "normal", deviation: 0.1 }, decay: false },
    }),
    ...gridParameters(spec, hiddenSize),
    ...(Object.assign({}, ...each) as ParameterSpecs),
    ...normParameters("output.norm", hiddenSize),
    ...outputParameters(spec),
  };
}

/** Vaswani et al. 2017, section 3.5: sines of the place in geometrically longer waves, cosines beside them; [places, size]. */
function waves(graph: Graph, size: number): Value {
  const values = Float32Array.from({ length: places * size }, (_, i) => {
    const [place, unit] = [Math.floor(i / size), i % size];
    const angle = place / 10_000 ** ((2 * Math.floor(unit / 2)) / size);
    return unit % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  return graph.constant(tensor("float32", [places, size], values));
}

function placeTable(p: Parameters, spec: TransformerSpec, graph: Graph): Value {
  return p["input.places"] ?? waves(graph, spec.hiddenSize);
}

/** All layers and the last normalisation, for x [n, hiddenSize] and what stands for self-attention in each layer. */
function throughLayers(
  p: Parameters,
  spec: TransformerSpec,
  memory: Values,
  input: Value,
  noise: Noise,
  selfAttention: (layer: string) => SelfAttention,
): Omit<Stepped, "state"> {
  let x = input;
  let attention: Value | undefined;
  for (let i = 1; i <= spec.layers; i++) {
    const name = `layer${i}`;
    const out = transformerLayer(
      { p, name, sizes: spec, memory, noise, rate: spec.dropout.output },
      x,
      selfAttention(name),
    );
    x = out.x;
    attention = out.attention;
  }
  return { output: { hidden: layerNorm(p, "output.norm", x) }, ...(attention && { attention }) };
}

export const transformer: DecoderEntry<TransformerSpec> = {
  kind: "transformer",
  title: "Transformer (Vaswani et al. 2017), normalised in front",
  layer: "grid",
  schema: z
    .strictObject({
      kind: z.literal("transformer"),
      ...commonSpecFields,
      forwardSize: sizeSchema.describe("size inside a layer's feed-forward part"),
      layers: z.int().min(1).max(100),
      heads: sizeSchema.describe("of each attention; they divide hiddenSize"),
      positions: z.enum(positionKinds).optional().describe("how a word's place in its sentence is told"),
    })
    .refine(dividesEvenly, { message: "heads must divide hiddenSize", path: ["heads"] }),
  recipe: {
    ...gridRecipe,
    dropout: { features: 0.3, input: 0.3, output: 0.3 },
    embeddingSize: 256,
    epochs: 10,
    learningRate: 5e-4,
  },
  takes: ["layers", "heads", "forwardSize", "positions"],

  specOf(sizes, { hiddenSize, dropout, layers = 2, heads = 8, forwardSize = 2 * hiddenSize, positions }) {
    if (!dividesEvenly({ hiddenSize, heads }))
      throw new ShowtellError("ARGUMENT", `${heads} heads do not divide a hidden size of ${hiddenSize}: change either`);
    return {
      kind: "transformer",
      ...sizes,
      hiddenSize,
      forwardSize,
      layers,
      heads,
      dropout,
      ...chosen({ positions }),
    };
  },

  parameters,

  begin(p, spec, features, noise) {
    const grid = seenGrid(p, spec, features, noise);
    const memory: Record<string, Value> = {};
    const state: Record<string, Value> = {};
    for (let i = 1; i <= spec.layers; i++) {
      const seen = pictureMemory(p, `layer${i}`, spec, grid);
      Object.assign(memory, { [`keys${i}`]: seen.keys, [`values${i}`]: seen.values });
      // Nothing is said yet: no keys and no values, in the shape of values [images, heads, positions, size].
      const nothing = slice(seen.values, 2, 0, 0);
      Object.assign(state, { [`keys${i}`]: nothing, [`values${i}`]: nothing });
    }
    return { memory, state };
  },

  embed(p, _spec, words) {
    return linear(wordInputs(p, words), p["input.weight"]!, p["input.bias"]);
  },

  step(p, spec, memory, state, input, noise) {
    const said = sizesOf(state["keys1"]!, 2, 3); // how many words came before: this word's place
    const place = gather(placeTable(p, spec, input.graph), minimum(said, input.graph.ints([places - 1]))); // [1, hidden]
    const next: Record<string, Value> = {};
    const { output, attention } = throughLayers(p, spec, memory, add(input, place), noise, (layer) => {
      const number = layer.slice("layer".length);
      const before = { keys: state[`keys${number}`]!, values: state[`values${number}`]! };
      return growingAttention(spec, before, (after) =>
        Object.assign(next, { [`keys${number}`]: after.keys, [`values${number}`]: after.values }),
      );
    });
    return { state: next, output, ...(attention && { attention }) };
  },

  sequence(p, spec, memory, inputs, order, noise) {
    const [n, size] = inputs.shape as readonly [number, number];
    const byPicture = reshape(inputs, [n / order.steps.length, order.steps.length, size]);
    const placed = add(
      byPicture,
      gather(
        placeTable(p, spec, inputs.graph),
        inputs.graph.ints(order.steps.map((step) => Math.min(step, places - 1))),
      ),
    );
    const dropped = noise.dropout("input", reshape(placed, [n, size]), spec.dropout.input);
    const toWordsBefore = causalAttention(spec, order);
    return throughLayers(p, spec, memory, dropped, noise, () => toWordsBefore).output;
  },

  logits(p, spec, _memory, output, noise) {
    return { logits: outputLogits(p, spec, output["hidden"]!, noise) };
  },

  blocks,
};

function dividesEvenly({ hiddenSize, heads }: Pick<LayerSizes, "hiddenSize" | "heads">): boolean {
  return hiddenSize % heads === 0;
}

function blocks(spec: TransformerSpec): Architecture {
  const { embeddingSize, hiddenSize, forwardSize, layers, heads, positions = "learned" } = spec;
  const specs = parameters(spec);
  return {
    nodes: [
      gridBlock(spec, specs),
      wordBlock(spec),
      {
        id: "input",
        title: "Words in their places",
        lines: [`${embeddingSize} → ${hiddenSize}, ${positions} places`, parameterLine(specs, "input.")],
        kind: "trained",
      },
      {
        id: "layers",
        title: `${layers} Transformer layer${layers === 1 ? "" : "s"}`,
        lines: [
          `attention to words, then to the picture: ${heads} heads`,
          `feed-forward ${hiddenSize} → ${forwardSize} → ${hiddenSize}`,
          parameterLine(specs, "layer"),
        ],
        kind: "trained",
      },
      ...outputBlocks(spec, specs, ["normalised"]),
    ],
    edges: [
      { from: "features", to: "grid" },
      { from: "words", to: "input" },
      { from: "input", to: "layers" },
      { from: "grid", to: "layers", label: "keys, values" },
      { from: "layers", to: "layers", label: "keys, values of words before" },
      { from: "layers", to: "output" },
      ...outputEdges,
    ],
  };
}
