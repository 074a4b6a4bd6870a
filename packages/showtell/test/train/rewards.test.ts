// Rewards of drawn captions: each metric as it is defined, the end token counted, weighted and added.
import { bleu, ciderD } from "caption-metrics";
import { describe, expect, test } from "vitest";
import { captionReward } from "../../src/train/rewards.ts";

const words = ["<pad>", "<start>", "<end>", "<unknown>", "a", "red", "dog", "runs", "sits", "cat"];
const sentences = ["a red dog runs", "a cat sits", "a red cat sits"];
const references = sentences.map((text) => [text.split(" ")]);
const ended = references.map((captions) => captions.map((caption) => [...caption, "</s>"]));
const idsOf = (text: string) => text.split(" ").map((word) => words.indexOf(word));
const data = { references, words };

describe("a reward", () => {
  test("is CIDEr-D unless it is said otherwise, and BLEU-4 where that is, over tokens with their end", () => {
    const guesses = ["a red dog runs", "a red cat", "a red cat sits"].map(idsOf);
    const tokens = guesses.map((ids) => [...ids.map((id) => words[id]!), "</s>"]);
    const cider = ciderD(tokens, ended).perImage;
    const bleu4 = bleu(tokens, ended)[3].perImage;
    const [usual, other, both] = [
      captionReward(data),
      captionReward(data, { "bleu-4": 1 }),
      captionReward(data, { "cider-d": 0.5, "bleu-4": 4 }),
    ];
    for (const [picture, ids] of guesses.entries()) {
      const caption = { words: ids, truncated: false };
      expect(usual(picture, caption)).toBeCloseTo(cider[picture]!, 10);
      expect(other(picture, caption)).toBeCloseTo(bleu4[picture]!, 10);
      expect(both(picture, caption)).toBeCloseTo(0.5 * cider[picture]! + 4 * bleu4[picture]!, 10);
    }
    expect(other(0, { words: guesses[0]!, truncated: false })).toBeCloseTo(1, 6);
  });

  test("is the same with a picture among them that has no caption with words", () => {
    const [first, ...others] = references;
    const gapped = { references: [first!, [], ...others], words };
    for (const weights of [{ "cider-d": 1 }, { "bleu-4": 1 }] as const) {
      const [whole, gap] = [captionReward(data, weights), captionReward(gapped, weights)];
      for (const [picture, text] of sentences.entries()) {
        const caption = { words: idsOf(text), truncated: false };
        expect(gap(picture === 0 ? 0 : picture + 1, caption)).toBe(whole(picture, caption));
      }
    }
  });

  test("of a caption that was cut off has no end to count", () => {
    for (const weights of [{ "cider-d": 1 }, { "bleu-4": 1 }] as const) {
      const reward = captionReward(data, weights);
      const whole = { words: idsOf("a red dog runs"), truncated: false };
      expect(reward(0, { ...whole, truncated: true })).toBeLessThan(reward(0, whole));
    }
  });
});
