// A matcher of pictures and words whose weights are drawn, for tests that need one that has learnt nothing.
import { encodeFloat16 } from "../../src/base/float16.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { Matcher } from "../../src/bundle/neighbour-table.ts";
import { matcherParameters } from "../../src/models/matcher.ts";
import { drawn } from "../tensors.ts";

/** A matcher of pictures of so many channels and of some words. */
export function drawnMatcher(channels: number, words: readonly string[]): Matcher {
  const weights = Object.entries(matcherParameters({ channels, words: words.length })).map(([name, { shape }]) => {
    return [name, tensor("float16", shape, encodeFloat16(drawn(shape, name).data))] as const;
  });
  return { words, weights: Object.fromEntries(weights) };
}
