// Training runs in a folder, read while others may write them: which there are, how far each is, its history and newest samples. Writes nothing,
// and reads nothing outside the folder: runs are its own folders and their plain files, and no link is followed.
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { RunRecord, RunSample, RunState, RunSummary } from "../train/run-summary.ts";
import { readPlainFile, unreadable } from "./files.ts";
import { isFolderLocked } from "./lock.ts";
import type { RunEvent } from "./run-history.ts";
import { runEpoch, runEvents, wholeLines } from "./run-history.ts";
import { runFiles } from "./training-run.ts";

/** The schema of a sample. */
export const runSample: z.ZodType<RunSample> = z.object({
  epoch: z.int().min(1),
  image: z.string(),
  caption: z.string(),
  reference: z.string(),
});

const description = z.object({
  options: z.object({
    decoder: z.string(),
    training: z.object({
      epochs: z.int().min(1),
      objective: z.object({ kind: z.string() }).exactOptional(),
    }),
  }),
  data: z.object({ name: z.string() }),
});

/** More than any run writes; a file that is larger is no run's. */
const mostBytes = 64 * 2 ** 20;

/** Epochs by which the time of those to come is judged. */
const recentEpochs = 3;

/**
 * The runs in a folder, the one that was written to last first.
 * @throws ShowtellError `FILE_NOT_FOUND` if the folder can't be read.
 */
export async function listRuns(folder: string): Promise<readonly RunSummary[]> {
  const runs: RunSummary[] = [];
  for (const name of await runNames(folder)) {
    const { history: _, samples: __, ...summary } = await recordOf(folder, name);
    runs.push(summary);
  }
  return runs.sort((a, b) => b.changedMs - a.changedMs);
}

/**
 * A run of a folder by its name.
 * @throws ShowtellError `FILE_NOT_FOUND` if the folder has no run of that name, or can't be read.
 */
export async function readRun(folder: string, name: string): Promise<RunRecord> {
  const names = await runNames(folder);
  // Compared, never joined to a path: whatever the name holds, it leads nowhere else.
  if (names.includes(name)) return recordOf(folder, name);
  throw new ShowtellError("FILE_NOT_FOUND", `there is no training run ${JSON.stringify(name.slice(0, 100))}`);
}

/**
 * Refuses what is no folder that can be read, before anything is shown of it.
 * @throws ShowtellError `FILE_NOT_FOUND`.
 */
export async function requireRunsFolder(folder: string): Promise<void> {
  try {
    await readdir(folder);
  } catch (cause) {
    const { message } = unreadable(folder, cause);
    throw new ShowtellError("FILE_NOT_FOUND", `${message}: name the folder that holds the folders of training runs`, {
      cause,
    });
  }
}

async function runNames(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const found: string[] = [];
    for (const entry of entries) {
      if (entry.isDirectory() && (await isFile(join(folder, entry.name, runFiles.description)))) found.push(entry.name);
    }
    return found;
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function recordOf(folder: string, name: string): Promise<RunRecord> {
  const run = join(folder, name);
  const { mtimeMs: begunMs } = await lstat(join(run, runFiles.description)).catch(() => ({ mtimeMs: 0 }));
  try {
    const { options, data } = description.parse(JSON.parse((await fileOf(run, runFiles.description)).text));
    const events = await fileOf(run, runFiles.history);
    const told = runEvents(events.text, join(run, runFiles.history));
    const history = told.flatMap((event) => (event.kind === "epoch" ? [runEpoch.parse(event)] : []));
    const samples = wholeLines((await fileOf(run, runFiles.samples)).text);
    const said = samples.map((line) => runSample.parse(JSON.parse(line)));
    const newest = said.at(-1)?.epoch;
    const best = history.findLast((epoch) => epoch.best);
    const epochs = { done: history.at(-1)?.epoch ?? 0, planned: options.training.epochs };
    const state = stateOf(told.at(-1), await isFolderLocked(run));
    const secondsLeft = state === "running" ? timeLeft(history, epochs) : undefined;
    return {
      name,
      state,
      decoder: options.decoder,
      data: data.name,
      objective: options.training.objective?.kind ?? "cross-entropy",
      epochs,
      ...(best && {
        best: { epoch: best.epoch, loss: best.dev.loss, ...(best.scores && { CIDEr: best.scores.CIDEr }) },
      }),
      ...(secondsLeft !== undefined && { secondsLeft }),
      changedMs: Math.max(begunMs, events.changedMs),
      history,
      samples: said.filter(({ epoch }) => epoch === newest),
    };
  } catch (cause) {
    if (!(cause instanceof ShowtellError || cause instanceof z.ZodError || cause instanceof SyntaxError)) throw cause;
    return { name, state: "damaged", changedMs: begunMs, history: [], samples: [] };
  }
}

/** A run's file, nothing if it is not there yet. */
async function fileOf(run: string, name: string): Promise<{ readonly text: string; readonly changedMs: number }> {
  return (await readPlainFile(join(run, name), mostBytes)) ?? { text: "", changedMs: 0 };
}

function stateOf(last: RunEvent | undefined, isHeld: boolean): RunState {
  if (isHeld) return "running";
  return last?.kind === "end" ? last.reason : "interrupted";
}

function timeLeft(
  history: RunRecord["history"],
  { done, planned }: NonNullable<RunSummary["epochs"]>,
): number | undefined {
  const recent = history.slice(-recentEpochs);
  if (recent.length === 0) return undefined;
  return ((planned - done) * recent.reduce((sum, { seconds }) => sum + seconds, 0)) / recent.length;
}
