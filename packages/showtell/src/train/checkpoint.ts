// A checkpoint: weights, moments and position of a run, in the format of bundles. Written between steps, read to resume.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { checkpointField, manifestKey } from "../bundle/manifest.ts";
import { readSafetensors } from "../safetensors/read.ts";
import { safetensorsParts } from "../safetensors/write.ts";
import type { LearnerState } from "./learner.ts";
import type { Progress } from "./trainer.ts";

const count = z.int().min(0);
const progressSchema: z.ZodType<Progress> = z.object({
  epoch: count,
  batch: count,
  step: count,
  sums: z.object({
    loss: z.number(),
    correct: count,
    counted: count.exactOptional(),
    tokens: count,
    captions: count,
    seconds: z.number(),
    reward: z.number().exactOptional(),
  }),
  best: z
    .object({
      epoch: count,
      devLoss: z.number(),
      scores: z.object({ CIDEr: z.number(), "BLEU-4": z.number() }).exactOptional(),
    })
    .exactOptional(),
});

/** A checkpoint file in pieces, in order. */
export function checkpointParts(progress: Progress, state: LearnerState, writer: string): readonly Uint8Array[] {
  const tensors = new Map<string, Tensor>(Object.entries(state));
  return safetensorsParts(tensors, {
    [manifestKey]: JSON.stringify({ version: 1, writer, [checkpointField]: progress }),
  });
}

function parsedProgress(text: string | undefined): Progress | undefined {
  try {
    const manifest: unknown = JSON.parse(text ?? "null");
    return z.object({ [checkpointField]: progressSchema }).safeParse(manifest).data?.[checkpointField];
  } catch {
    return undefined;
  }
}

/**
 * Reads a checkpoint and holds it against the tensors that the run's model has.
 * @param expected A state with the names and shapes that must be there, the initial one say.
 * @throws ShowtellError `SAFETENSORS_FORMAT`, `RUN_FORMAT` if it is none, `RUN_MISMATCH` if it is another model's.
 */
export function readCheckpoint(
  bytes: Uint8Array,
  source: string,
  expected: LearnerState,
): { readonly progress: Progress; readonly state: LearnerState } {
  const { tensors, metadata } = readSafetensors(bytes, { source });
  const progress = parsedProgress(metadata[manifestKey]);
  if (progress === undefined) {
    throw new ShowtellError(
      "RUN_FORMAT",
      `"${source}" is no checkpoint of a training run: start the run anew in another folder`,
    );
  }
  const state: Record<string, Tensor<"float32">> = {};
  for (const [name, { shape }] of Object.entries(expected)) {
    const found = tensors.get(name);
    if (found?.dtype !== "float32" || found.shape.join() !== shape.join()) {
      throw new ShowtellError(
        "RUN_MISMATCH",
        `"${source}" has no tensor "${name}" of shape [${shape.join(", ")}]: it belongs to another model`,
      );
    }
    state[name] = found as Tensor<"float32">;
  }
  return { progress, state };
}
