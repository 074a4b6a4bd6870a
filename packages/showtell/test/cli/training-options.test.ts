// What a training is told where a user says nothing.
import { describe, expect, test } from "vitest";
import type { TrainCommandOptions } from "../../src/cli/training-options.ts";
import { requestOf } from "../../src/cli/training-options.ts";
import { defaultDecoder } from "../../src/node/training-request.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { integerEncoderFile } from "../../src/node/weights-folder.ts";

const said: TrainCommandOptions = { data: "flickr8k", out: "run", decoder: defaultDecoder };

describe("the encoder of a training that names none", () => {
  test("computes in integers", () => {
    expect(requestOf(said).encoder).toBe(integerEncoderFile());
  });

  test("is the one that ships where its stage is to learn", () => {
    expect(requestOf({ ...said, fineTune: "conv5" }).encoder).toBe(defaultEncoder);
  });

  test("is what a run that goes on was told", () => {
    const told = { ...requestOf(said), encoder: "mine.safetensors" };
    expect(requestOf(said, told).encoder).toBe("mine.safetensors");
    expect(requestOf({ ...said, encoder: "other.safetensors" }, told).encoder).toBe("other.safetensors");
  });
});
