// A training run's folder, looked at from outside: whether it has ended, and how it went, for its record.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { TrainingSummary } from "../compare/record.ts";
import { readDecoderFile } from "./bundle-files.ts";
import { isThere, unreadable } from "./files.ts";
import type { RunEvent } from "./run-history.ts";
import { runEvent, runEvents } from "./run-history.ts";
import { runFiles } from "./training-run.ts";

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

/** How a run ended, by its last event; undefined if it has not. */
function endOf(last: RunEvent | undefined): TrainingSummary["reason"] | undefined {
  return last?.kind === "end" && last.reason !== "cancelled" ? last.reason : undefined;
}

/**
 * Whether the model in a run's folder is what the run leaves: while it trains, that of its best epoch so far lies there. A copied model,
 * without a history, is taken as it is.
 * @throws ShowtellError `FILE_NOT_FOUND` if its history can't be read.
 */
export async function hasFinishedModel(folder: string): Promise<boolean> {
  if (!(await isThere(join(folder, runFiles.best)))) return false;
  return !(await isThere(join(folder, runFiles.history))) || hasEnded(folder);
}

/**
 * Whether a folder holds a run that has ended, with its history and its model.
 * @throws ShowtellError `FILE_NOT_FOUND` if its history can't be read.
 */
export async function isFinishedRun(folder: string): Promise<boolean> {
  const files = await Promise.all([runFiles.best, runFiles.history].map((name) => isThere(join(folder, name))));
  return files.every(Boolean) && hasEnded(folder);
}

async function hasEnded(folder: string): Promise<boolean> {
  // The last line alone: it may be torn, by a kill or because it is being written.
  const last = (await textIn(folder, runFiles.history)).trimEnd().split("\n").at(-1)!;
  return endOf(runEvent(last)) !== undefined;
}

/**
 * How a run went, from its history and its best bundle.
 * @throws ShowtellError `RUN_UNFINISHED` if it has not ended, `RUN_FORMAT`, `FILE_NOT_FOUND`.
 */
export async function trainingSummary(folder: string): Promise<TrainingSummary> {
  const events = runEvents(await textIn(folder, runFiles.history), join(folder, runFiles.history));
  const epochs = events.filter((event) => event.kind === "epoch");
  const reason = endOf(events.at(-1));
  if (reason === undefined)
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
    reason,
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
