// A bundle in numbers and words: counts that add up, and no weights, hashes or special words.
import { expect, test } from "vitest";
import { summariseBundle } from "../../src/bundle/summary.ts";
import { tinyBundle, tinyInput, tinyWords } from "./tiny-decoder.ts";

test("a summary counts parameters without scales, bytes by type, words and hashes", async () => {
  const bundle = { source: "tiny", ...(await tinyBundle()) };
  const { writer, encoder, decoder, training, licences } = summariseBundle(bundle);
  expect(encoder).toBeUndefined();
  expect(writer).toBe("showtell 0.0.0");
  expect(decoder!.identity).toBe(bundle.decoder!.manifest.identity);
  expect(decoder).not.toHaveProperty("selfTest");
  expect(decoder!.vocabulary).toEqual({ size: 6, words: tinyWords.slice(4) });
  // Word vectors 10 × 4 (int8, 10 scales), image 5 × 4 + 4, LSTM (4 + 6 + 1) × 24, output 6 × 64 (float16) + 64.
  expect(decoder!.parameters).toBe(40 + 24 + 264 + 384 + 64);
  expect(decoder!.bytes).toEqual({ int8: 40, float16: 2 * 384, float32: 4 * (10 + 24 + 264 + 64) });
  expect(training).toEqual({ pictureHashes: 2, captionHashes: 0, epochs: 2 });
  expect(licences).toEqual(tinyInput.licences);
});
