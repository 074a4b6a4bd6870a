// Records stay true when a decoder's recipe changes: what they leave out is what a specification means that leaves it out.
import { describe, expect, test } from "vitest";
import { isRecordOf } from "../../src/compare/record.ts";
import type { RunOptions } from "../../src/compare/record.ts";
import { defaultRunOptions, runOptions } from "../../src/node/run-options.ts";
import { defaultTraining } from "../../src/node/training-request.ts";
import { recordOf } from "../compare/records.ts";

/** Show and Tell's options, its decoder's changed. */
function told(changes: RunOptions): RunOptions {
  const { decoderOptions, ...options } = defaultTraining("show-and-tell");
  return runOptions({ ...options, encoder: "encoder.safetensors", decoderOptions: { ...decoderOptions, ...changes } });
}

describe("a record of Show and Tell that says neither cell nor where the picture enters", () => {
  const record = recordOf("a-00000000", 1, { options: told({ cell: undefined, conditioning: undefined }) });
  const isOf = (changes: RunOptions): boolean => {
    const options = told(changes);
    return isRecordOf(record, { kind: "train", options }, defaultRunOptions(options));
  };

  test("is of an LSTM that reads the picture as its first word", () => {
    expect(isOf({ cell: "lstm", conditioning: "pre" })).toBe(true);
  });

  test("is of no other, not even of the one that the recipe asks for today", () => {
    expect(isOf({})).toBe(false);
    expect(isOf({ cell: "gru", conditioning: "pre" })).toBe(false);
  });
});

test("a teacher's models go by the names of their runs, or of their files, and by no path", () => {
  const distil = { models: "/home/me/a/best.safetensors,/home/me/other.safetensors", share: 0.5, captions: 5 };
  const options = runOptions({ distil }, new Map([["/home/me/a/best.safetensors", "first-s1"]]));
  expect(options).toEqual({ distil: { ...distil, models: "first-s1,other" } });
});
