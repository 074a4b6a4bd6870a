// Which words a run's detector looks for, and which requests are refused, each with what to do.
import { defaultTraining } from "showtell/node";
import { describe, expect, test } from "vitest";
import { attributesFor } from "../../src/node/attributes.ts";
import type { TrainingRequest } from "../../src/node/training-request.ts";
import { createVocabulary } from "../../src/text/vocabulary.ts";

const vocabulary = createVocabulary(["a", "dog", "runs", "in", "grass"]);

function request(changes: Partial<TrainingRequest>): TrainingRequest {
  return { ...defaultTraining(), data: "data", out: "out", encoder: "encoder", ...changes };
}

describe("the attributes of a run", () => {
  test("are the most frequent content words, or all where there are fewer, and none unless asked for", () => {
    expect(attributesFor(request({ attributes: 2 }), vocabulary)).toEqual([5, 6]);
    expect(attributesFor(request({ attributes: 400 }), vocabulary)).toEqual([5, 6, 8]);
    expect(attributesFor(request({}), vocabulary)).toBeUndefined();
  });

  test.each([0, -1, 2.5, Number.NaN])("can't be %d", (attributes) => {
    expect(() => attributesFor(request({ attributes }), vocabulary)).toThrow(
      expect.objectContaining({ code: "ARGUMENT", message: expect.stringContaining(`got ${attributes}`) as string }),
    );
  });

  test("are refused where a decoder learns on or a stage is fine-tuned, and where no word says what is seen", () => {
    const attributes = 2;
    const fineTune = { stage: "conv5", learningRate: 1e-5 };
    for (const [changes, hint] of [
      [{ attributes, init: "model" }, "leave attributes out"],
      [{ attributes, fineTune }, "leave fineTune out"],
    ] as const)
      expect(() => attributesFor(request(changes), vocabulary)).toThrow(
        expect.objectContaining({ code: "ARGUMENT", message: expect.stringContaining(hint) as string }),
      );
    expect(() => attributesFor(request({ attributes }), createVocabulary(["a", "of", "3"]))).toThrow(
      expect.objectContaining({ code: "DATA_EMPTY" }),
    );
  });
});
