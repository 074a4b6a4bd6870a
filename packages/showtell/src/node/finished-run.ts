// A training run's folder, looked at from outside: whether it has ended, and how it went, for its record.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { TrainingSummary } from "../compare/record.ts";
import { readDecoderFile } from "./bundle-files.ts";
import { unreadable } from "./files.ts";
import { runFiles } from "./training-run.ts";

const quality = z.object({ loss: z.number(), accuracy: z.number() });
const lineSchema = z.union([
  z.object({
    kind: z.literal("epoch"),
    epoch: z.int(),
    step: z.int(),
    train: quality,
    dev: quality,
    scores: z.object({ CIDEr: z.number() }).exactOptional(),
    best: z.boolean(),
    captionsPerSecond: z.number(),
    seconds: z.number(),
  }),
  z.object({ kind: z.literal("end"), reason: z.enum(["finished", "early stop", "cancelled"]) }),
  z.object({ kind: z.enum(["start", "attributes"]) }),
]);

const dataSchema: z.ZodType<TrainingSummary["data"]> = z.object({
  name: z.string(),
  hash: z.string(),
  pictures: z.int(),
  captions: z.int(),
});

async function textIn(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/**
 * How a run went, from its history and its best bundle.
 * @throws ShowtellError `RUN_UNFINISHED` if it has not ended, `RUN_FORMAT`, `FILE_NOT_FOUND`.
 */
export async function trainingSummary(folder: string): Promise<TrainingSummary> {
  const lines = (await textIn(folder, runFiles.history)).split("\n").filter((line) => line !== "");
  const events = lines.map((line) => eventOf(line, join(folder, runFiles.history)));
  const epochs = events.filter((event) => event.kind === "epoch");
  const last = events.at(-1);
  if (last?.kind !== "end" || last.reason === "cancelled")
    throw new ShowtellError("RUN_UNFINISHED", `the run in "${folder}" has not ended: go on with it by --resume first`);
  const best = epochs.findLast((epoch) => epoch.best);
  if (best === undefined) throw new ShowtellError("RUN_FORMAT", `the run in "${folder}" has no epoch`);
  const { manifest } = await readDecoderFile(join(folder, runFiles.best));
  const data = dataSchema.safeParse(manifest.training?.["data"]);
  if (!data.success)
    throw new ShowtellError("RUN_FORMAT", `"${join(folder, runFiles.best)}" does not say what it was trained on`);
  const seconds = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
  const captions = epochs.reduce((sum, epoch) => sum + epoch.captionsPerSecond * epoch.seconds, 0);
  return {
    data: data.data,
    reason: last.reason,
    epochs: epochs.length,
    bestEpoch: best.epoch,
    steps: epochs.at(-1)!.step,
    seconds,
    captionsPerSecond: captions / seconds,
    history: epochs.map(({ train, dev, scores }) => ({
      loss: train.loss,
      devLoss: dev.loss,
      devAccuracy: dev.accuracy,
      ...(scores && { CIDEr: scores.CIDEr }),
    })),
  };
}

function eventOf(line: string, path: string): z.infer<typeof lineSchema> {
  try {
    return lineSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new ShowtellError("RUN_FORMAT", `"${path}" has a line that is no event: ${line.slice(0, 60)}`, { cause });
  }
}
