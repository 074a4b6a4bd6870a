// How well sentences fit pictures, by a matcher (models/matcher.ts). Finds no sentence.
import type { Tokens } from "caption-metrics";
import { decodeFloat16 } from "../base/float16.ts";
import { tensor } from "../base/tensor.ts";
import type { Matcher } from "../bundle/neighbour-table.ts";
import type { OpenSession } from "../engine/session.ts";
import { pictureDirectionGraph } from "../models/matcher.ts";
import type { PictureVectors } from "./nearest-pictures.ts";

/** A matcher that is ready. */
export interface Matching {
  /**
   * For each picture how well a sentence fits it: the cosine of their directions times the sharpness that was learnt, which is the logarithm of how
   * likely the sentence is the picture's among others that were said of any, but for a constant of the picture. 0 where no word is known.
   * @param pictures Vectors of length 1.
   * @throws ShowtellError `ENGINE`.
   */
  fits(pictures: PictureVectors): Promise<readonly ((tokens: Tokens) => number)[]>;
}

/** Makes a matcher ready. */
export function openMatching({ words, weights }: Matcher, openSession: OpenSession): Matching {
  const places = new Map(words.map((word, place) => [word, place]));
  const floats = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [name, tensor("float32", shape, decodeFloat16(data))]),
  );
  const rows = floats["matcher.words"]!;
  const [, size] = rows.shape as [number, number];

  /** Of length 1, or 0 where no word is known. */
  function directionOf(tokens: Tokens): Float64Array {
    const sum = new Float64Array(size);
    for (const token of tokens) {
      const place = places.get(token);
      if (place === undefined) continue;
      for (let i = 0; i < size; i++) sum[i] = sum[i]! + rows.data[place * size + i]!;
    }
    const length = Math.sqrt(sum.reduce((squares, value) => squares + value ** 2, 0));
    return length === 0 ? sum : sum.map((value) => value / length);
  }

  return {
    async fits({ count, data }) {
      const channels = data.length / count;
      const session = await openSession(pictureDirectionGraph({ channels, words: words.length }));
      try {
        const { directions } = await session.run({ ...floats, vectors: tensor("float32", [count, channels], data) });
        return Array.from({ length: count }, (_, picture) => {
          const direction = (directions!.data as Float32Array).subarray(picture * size, (picture + 1) * size);
          return (tokens: Tokens): number =>
            directionOf(tokens).reduce((product, value, i) => product + value * direction[i]!, 0);
        });
      } finally {
        await session.dispose();
      }
    },
  };
}
