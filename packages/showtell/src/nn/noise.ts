// Dropout whose masks are fed, so that training can be resumed bit for bit: the engine's own Dropout keeps hidden state.
import { ShowtellError } from "../base/errors.ts";
import type { Random } from "../base/random.ts";
import type { Value } from "../graph/graph.ts";
import { mul } from "../graph/operators/arithmetic.ts";
import { reshape } from "../graph/operators/reshaping.ts";
import { numericShape } from "../graph/shapes.ts";

/** What a model is given to add noise with: nothing happens in inference, masks are declared in training. */
export interface Noise {
  /** Drops elements of x [n, size] with the given rate and scales the rest by 1 / (1 − rate). */
  dropout(name: string, x: Value, rate: number): Value;
}

/** Inference: everything passes unchanged. */
export const noNoise: Noise = { dropout: (_name, x) => x };

/** A mask input that a training graph declared: `[rows, size]`. */
export interface MaskInput {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly rate: number;
}

/** Training noise and, after the graph is built, the masks that must be fed. */
export interface DeclaredNoise extends Noise {
  readonly masks: readonly MaskInput[];
}

/**
 * Declares a mask input a name: one mask a row, held over time. x has `steps · rows` rows in time-major order, or fewer than `rows`.
 * (Gal and Ghahramani 2016, "A theoretically grounded application of dropout in recurrent neural networks").
 */
export function declareNoise(rows: number): DeclaredNoise {
  const masks: MaskInput[] = [];
  return {
    masks,
    dropout(name, x, rate) {
      if (rate === 0) return x;
      if (!(rate > 0 && rate < 1))
        throw new ShowtellError("ARGUMENT", `dropout rate ${rate} of "${name}" is not in 0 … 1`);
      const [total, size] = numericShape(x.shape, "dropout") as [number, number];
      const masked = Math.min(rows, total);
      const mask: MaskInput = { name: `mask.${name}`, shape: [masked, size], rate };
      masks.push(mask);
      const repeated = reshape(x, [total / masked, masked, size]);
      return reshape(mul(repeated, x.graph.input(mask.name, mask.shape)), [total, size]);
    },
  };
}

/** Fills a mask: 0 with probability `rate`, else 1 / (1 − rate). Two elements a draw, so the rate is rounded to 1 / 65,536. */
export function drawMask(rate: number, random: Random, into: Float32Array): void {
  const threshold = Math.round(rate * 65536);
  // Looked up by the sign of a difference: a branch on random bits would be guessed wrong half the time.
  const values = Float32Array.of(1 / (1 - rate), 0);
  for (let i = 0; i < into.length; i += 2) {
    const bits = random.uint32();
    into[i] = values[((bits >>> 16) - threshold) >>> 31]!;
    // Beyond the end of an odd length this writes nothing.
    into[i + 1] = values[((bits & 0xffff) - threshold) >>> 31]!;
  }
}
