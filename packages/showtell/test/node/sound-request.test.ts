// What of a training request does not go together is refused before anything is read, with what to leave out.
import { describe, expect, test } from "vitest";
import { requireSoundRequest } from "../../src/node/sound-request.ts";
import { defaultTraining } from "../../src/node/training-request.ts";
import type { TrainingRequest } from "../../src/node/training-request.ts";
import type { TrainingOptions } from "../../src/train/options.ts";
import { decoderKinds } from "../../src/models/catalogue.ts";

type Changes = Partial<Omit<TrainingRequest, "training">> & { readonly training?: Partial<TrainingOptions> };

function request({ training, ...changes }: Changes): TrainingRequest {
  const defaults = defaultTraining(changes.decoder);
  return {
    ...defaults,
    data: "d",
    out: "o",
    encoder: "e",
    ...changes,
    training: { ...defaults.training, ...training },
  };
}

const objective = { kind: "self-critical", baseline: "others", sharpening: 1 } as const;
const fineTune = { stage: "conv5", learningRate: 1e-5 };
const distil = { models: "m", share: 0.5, captions: 1 };
const headed = (heads: number): Changes => ({
  decoder: "transformer",
  decoderOptions: { ...defaultTraining("transformer").decoderOptions, heads },
});

describe("a request", () => {
  test.each(decoderKinds)("for %s by its recipe is sound", (decoder) => {
    expect(() => requireSoundRequest(request({ decoder }))).not.toThrow();
    const { training } = defaultTraining(decoder, "self-critical");
    expect(() => requireSoundRequest(request({ decoder, training }))).not.toThrow();
  });

  test.each<readonly [Changes, string]>([
    [{ fineTune, training: { objective } }, "--objective"],
    [{ fineTune, training: { scheduledSampling: 0.2 } }, "--scheduled-sampling"],
    [{ distil, training: { objective } }, "--distil"],
    [{ attributes: 5, fineTune }, "attributes"],
    [{ training: { objective, labelSmoothing: 0.1 } }, "labelSmoothing"],
    [{ training: { objective, captionsPerPicture: 1 } }, "captionsPerPicture"],
    [headed(7), "7 heads"],
    [{ decoder: "show-and-tell", training: { attentionPenalty: 0.1 } }, "attention penalty"],
    [{ decoder: "transformer", training: { attentionPenalty: 0.1 } }, "attention penalty"],
  ])("%j is refused, naming %s", (changes, named) => {
    expect(() => requireSoundRequest(request(changes))).toThrow(
      expect.objectContaining({ code: "ARGUMENT", message: expect.stringContaining(named) as string }),
    );
  });

  test.each<Changes>([
    { fineTune },
    { fineTune, training: { scheduledSampling: 0 } },
    { distil },
    headed(4),
    { ...headed(7), init: "m" },
    { training: { attentionPenalty: 0.1 } },
    { training: { scheduledSampling: 0.2 } },
  ])("%j goes together", (changes) => {
    expect(() => requireSoundRequest(request(changes))).not.toThrow();
  });
});
