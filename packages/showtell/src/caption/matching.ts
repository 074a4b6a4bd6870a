// How well sentences fit pictures, by a matcher (models/matcher.ts). Finds no sentence.
import type { Tokens } from "caption-metrics";
import { decodeFloat16 } from "../base/float16.ts";
import { tensor } from "../base/tensor.ts";
import type { Matcher } from "../bundle/neighbour-table.ts";
import type { OpenSession } from "../engine/session.ts";
import { pictureDirectionGraph } from "../models/matcher.ts";
import type { PictureVectors } from "./nearest-pictures.ts";

/**
 * For each picture how well a sentence fits it: the cosine of their directions times the sharpness that was learnt, which is the logarithm of how
 * likely the sentence is the picture's among others that were said of any, but for a constant of the picture. 0 where no word is known.
 * @param pictures Vectors of length 1.
 * @throws ShowtellError `ENGINE`.
 */
export async function sentenceFits(
  { words, weights }: Matcher,
  pictures: PictureVectors,
  openSession: OpenSession,
): Promise<readonly ((tokens: Tokens) => number)[]> {
  const channels = pictures.data.length / pictures.count;
  const floats = Object.fromEntries(
    Object.entries(weights).map(([name, { shape, data }]) => [name, tensor("float32", shape, decodeFloat16(data))]),
  );
  const session = await openSession(pictureDirectionGraph({ channels, words: words.length }));
  try {
    const vectors = tensor("float32", [pictures.count, channels], pictures.data);
    const { directions } = await session.run({ ...floats, vectors });
    const [, size] = directions!.shape as [number, number];
    const places = new Map(words.map((word, place) => [word, place]));
    const rows = floats["matcher.words"]!.data;
    return Array.from({ length: pictures.count }, (_, picture) => {
      const direction = (directions!.data as Float32Array).subarray(picture * size, (picture + 1) * size);
      return (tokens: Tokens): number => {
        const sum = new Float64Array(size);
        for (const token of tokens) {
          const place = places.get(token);
          if (place === undefined) continue;
          for (let i = 0; i < size; i++) sum[i]! += rows[place * size + i]!;
        }
        const length = Math.hypot(...sum);
        return length === 0 ? 0 : direction.reduce((product, value, i) => product + value * sum[i]!, 0) / length;
      };
    });
  } finally {
    await session.dispose();
  }
}
