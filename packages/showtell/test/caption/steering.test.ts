// Steering in words: what is asked becomes constraints on ids, captions meet it, and what it cost is told.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeFloat16 } from "../../src/base/float16.ts";
import type { CaptionOptions } from "../../src/caption/caption-options.ts";
import { searchKindOf } from "../../src/caption/caption-options.ts";
import type { FeatureCaptioner } from "../../src/caption/captioner.ts";
import { openFeatureCaptioner } from "../../src/caption/captioner.ts";
import { constraintsOf } from "../../src/caption/steering.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { createVocabulary } from "../../src/text/vocabulary.ts";
import { tinyBundle, tinySpec } from "../bundle/tiny-decoder.ts";
import { drawn } from "../tensors.ts";

const images = 4;
const batch = { images, data: encodeFloat16(drawn([images, tinySpec.features[0]!], "pictures", 2).data) };

let captioner: FeatureCaptioner;

beforeAll(async () => {
  captioner = await openFeatureCaptioner((await tinyBundle()).decoder!, openSession, { threads: 1 });
});

afterAll(() => captioner.dispose());

async function captions(options: CaptionOptions): Promise<readonly string[]> {
  return (await captioner.caption(batch, options)).map(({ caption }) => caption);
}

const vocabulary = createVocabulary(["a", "man", "'s", "running", "runs", "dog", "hat", "trousers"]);

function expectUnknown(options: CaptionOptions, message: RegExp): void {
  expect(() => constraintsOf(options, vocabulary, 7)).toThrow(
    expect.objectContaining({ code: "WORD_UNKNOWN", message: expect.stringMatching(message) as string }),
  );
}

async function refused(options: CaptionOptions, message: RegExp): Promise<void> {
  const argument = { code: "ARGUMENT", message: expect.stringMatching(message) as string };
  await expect(Promise.resolve().then(() => captioner.caption(batch, options))).rejects.toMatchObject(argument);
}

describe("steered captions", () => {
  test("hold the words that must appear and none that must not, begin as they are told and keep to their lengths", async () => {
    for (const caption of await captions({ must: ["dog"] })) expect(caption).toMatch(/\bdog\b/);
    for (const caption of await captions({ must: ["Grass.", "a  CAT"] })) {
      expect(caption).toMatch(/\bgrass\b/);
      expect(caption).toMatch(/\ba cat\b/);
    }
    for (const caption of await captions({ avoid: ["dog", "zebra"], minLength: 2 })) {
      expect(caption).not.toMatch(/\bdog\b/);
      expect(caption.split(" ").length).toBeGreaterThan(1);
    }
    for (const caption of await captions({ prefix: "A dog" })) expect(caption).toMatch(/^a dog/);
    for (const length of [1, 3]) {
      for (const caption of await captions({ minLength: length, maxLength: length })) {
        expect(caption.split(" ")).toHaveLength(length);
      }
    }
  });

  test("say what it cost in log-probability compared with the best unsteered caption", async () => {
    const free = await captioner.caption(batch);
    const steered = await captioner.caption(batch, { must: ["runs"], candidates: 2, beam: 3 });
    let paid = 0;
    for (const [image, { candidates, ...best }] of steered.entries()) {
      expect(candidates).toHaveLength(2);
      expect(best).toEqual(candidates[0]);
      for (const { steeringCost, logProbability } of candidates) {
        expect(steeringCost).toBeCloseTo(free[image]!.logProbability - logProbability, 10);
      }
      if (best.steeringCost! > 0.1) paid++;
      expect(free[image]!).not.toHaveProperty("steeringCost");
    }
    expect(paid).toBeGreaterThan(0);
    // What the model says anyway costs nothing.
    const [first] = free;
    const [same] = await captioner.caption(
      { images: 1, data: batch.data.slice(0, 5) },
      { minLength: first!.tokens.length },
    );
    expect(same!.steeringCost).toBeCloseTo(0, 5);
  });

  test("of several groups are as many as groups, and differ", async () => {
    for (const { candidates } of await captioner.caption(batch, { groups: 4, diversity: 5 })) {
      expect(candidates).toHaveLength(4);
      expect(new Set(candidates.map(({ caption }) => caption)).size).toBe(4);
    }
  });
});

describe("what is asked in words", () => {
  test("is tokenised as captions are, and unknown words need not be avoided", () => {
    expect(
      constraintsOf({ must: ["A man's hat!"], avoid: ["dog", "purple dog"], prefix: "a" }, vocabulary, 7),
    ).toMatchObject({
      must: [[4, 5, 6, 10]],
      avoid: [[9]],
      prefix: [4],
    });
    expect(constraintsOf({ minLength: 3, maxLength: 5 }, vocabulary, 7)).toMatchObject({
      must: [],
      avoid: [],
      minimumLength: 3,
      maximumLength: 5,
    });
  });

  test("is refused where a word is not known, with words that are spelt like it", () => {
    expectUnknown(
      { must: ["dog", "a man runing"] },
      /^must has the word "runing", .*among its 8 words; near it are "running", "runs"/,
    );
    expectUnknown({ prefix: "trouser" }, /^prefix has the word "trouser".*near it are "trousers"$/);
    expectUnknown(
      { must: ["helicopter"] },
      /^must has the word "helicopter", which the model does not know among its 8 words$/,
    );
  });

  test.each<[CaptionOptions, RegExp]>([
    [{ maxLength: 8 }, /^maxLength is 8; it must be a whole number from 1 to 7$/],
    [{ minLength: 8 }, /^minLength is 8; it must be a whole number from 0 to 7$/],
    [{ minLength: 5, maxLength: 3 }, /^minLength is 5 and maxLength 3: no caption has both$/],
    [{ prefix: "a man runs", maxLength: 2 }, /^prefix has 3 words, and maxLength allows at most 2: shorten it$/],
    [{ prefix: "a a a a a a a a" }, /^prefix has 8 words, and the model's captions have at most 7: shorten it$/],
  ])("is refused where no caption is that long: %j", (options, message) => {
    expect(() => constraintsOf(options, vocabulary, 7)).toThrow(
      expect.objectContaining({ code: "ARGUMENT", message: expect.stringMatching(message) as string }),
    );
  });

  test("is refused where there is no word, or no list", () => {
    for (const options of [{ must: [""] }, { avoid: ["dog", " ."] }, { prefix: "" }, { must: "dog" }, { prefix: 7 }]) {
      expect(() => constraintsOf(options as object, vocabulary, 7)).toThrow(
        expect.objectContaining({ code: "ARGUMENT" }),
      );
    }
  });
});

describe("options", () => {
  test("ask for one way of finding captions", () => {
    const kinds = [
      {},
      { beam: 3 },
      { seed: 2 },
      { must: [] },
      { groups: 2, diversity: 1 },
      { topP: 0.5 },
      { temperature: 1 },
    ];
    expect(kinds.map(searchKindOf)).toEqual(["beam", "beam", "beam", "steered", "steered", "drawn", "drawn"]);
  });

  test("that ask for two, or contradict each other, are refused with their words", async () => {
    await refused({ avoid: ["dog"], topK: 3 }, /^avoid steers a search and topK draws/);
    await refused({ diversity: 1 }, /give groups/);
    await refused({ must: ["a dog"], avoid: ["dog"] }, /^"dog" must not appear, but is part of "a dog"/);
    await refused({ maxLength: 8 }, /^maxLength is 8; .* from 1 to 7/);
    await refused({ seed: 5 }, /^seed is of captions that are drawn: give temperature, topK or topP, too/);
    await refused({ temperature: 1, beam: 5 }, /^beam is how wide a search is and temperature draws at random/);
    await refused({ temperature: 1, candidates: 0 }, /^candidates is 0/);
    await refused({ temperature: 1, seed: 1.7 }, /^seed is 1.7/);
    await refused({ consensus: 3, candidates: 5 }, /^consensus is 3 captions, of which candidates asks for 5/);
    await refused({ abstainBelow: "0.5" } as object, /^abstainBelow is 0.5/);
  });

  test.each(["consensusWeights", "consensusFrom", "consensusVoters"])(
    "that have choices take no other: %s",
    async (name) => {
      await refused({ consensus: 3, [name]: "unifrom" }, new RegExp(`^${name} is "unifrom"; there are "`, "u"));
      await refused({ must: ["dog", "cat", "grass"], maxLength: 2 }, /no sentence of at most 2 words/);
    },
  );
});
