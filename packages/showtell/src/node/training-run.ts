// The folder of a training run: what lies in it, how it is written, and how a resumed run finds its place. Trains nothing.
import { appendFile, mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { trainingCurves } from "../plot/training-curves.ts";
import type { Adaptation } from "../train/adaptation.ts";
import { checkpointParts, readCheckpoint } from "../train/checkpoint.ts";
import type { LearnerState } from "../train/learner.ts";
import type { RunEpoch } from "../train/run-summary.ts";
import type { Progress } from "../train/trainer.ts";
import { writeBundleFile } from "./bundle-files.ts";
import { isThere, readBytes, unreadable, unwritable, writeFileAtomically } from "./files.ts";
import type { FolderLock } from "./lock.ts";
import { lockFolder } from "./lock.ts";
import { rasterise } from "./rasterise.ts";
import type { RunDescription } from "./run-description.ts";
import { readRunDescription, requireSameRun } from "./run-description.ts";
import { runEvent, wholeLines } from "./run-history.ts";

/** Names of the files in a run's folder. */
export const runFiles = {
  /** What the run was told: version, options, hashes, seed. */
  description: "run.json",
  /** One event a line. */
  history: "history.jsonl",
  /** Captions of a few dev pictures after each epoch, one a line. */
  samples: "samples.jsonl",
  /** A teacher's captions of the training pictures, one picture a line. */
  taught: "taught.jsonl",
  /** The checkpoint: what `--resume` goes on from. */
  last: "last.safetensors",
  /** The bundle of the best epoch: what `--model` takes. */
  best: "best.safetensors",
  curvesSvg: "curves.svg",
  curvesPng: "curves.png",
} as const;

/** Names of the files that a run has besides, where a decoder learns on. */
export const adaptationFiles = {
  /** The bundle of the best epoch until it is held against the model before; then it is the best, or refused. */
  candidate: "candidate.safetensors",
  /** A bundle that has forgotten too much. */
  refused: "not-accepted.safetensors",
  /** What became of the model. */
  report: "adaptation.json",
} as const;

/** A line of the history. */
export interface HistoryEvent {
  readonly kind: string;
  /** Optimiser steps done when it happened; lines beyond a checkpoint's are cut when a run is resumed. */
  readonly step: number;
  readonly [field: string]: unknown;
}

const lineSchema = z.looseObject({ kind: z.string(), step: z.int().min(0), epoch: z.int().exactOptional() });

/** A run's folder, open for writing. */
export interface TrainingRun {
  readonly folder: string;
  appendHistory(event: HistoryEvent): Promise<void>;
  appendSamples(lines: readonly HistoryEvent[]): Promise<void>;
  saveCheckpoint(progress: Progress, state: LearnerState): Promise<void>;
  /** Writes the bundle of the best epoch so far; where it is yet to be accepted, as a candidate. */
  saveBest(bundle: Omit<Bundle, "source">): Promise<void>;
  /** The path of the best epoch's bundle, whatever it is called by now; undefined if there is none. */
  bestPath(): Promise<string | undefined>;
  /** Writes what became of a model that learned on, and calls its bundle accordingly. */
  settle(adaptation: Adaptation): Promise<void>;
  drawCurves(): Promise<void>;
  /** Lets others write into the folder. */
  close(): Promise<void>;
}

async function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/** How a run's folder is opened. */
export interface RunSettings {
  readonly resume: boolean;
  readonly writer: string;
  /** Whether the best bundle must be accepted before it is called that. */
  readonly judged: boolean;
  /** Options that may differ where a run is resumed, for they decide nothing in it. */
  readonly idle: readonly string[];
}

/**
 * Opens a new run's folder, or with `resume` the one that is there, and locks it until it is closed.
 * @param description What must be the same for a run to be resumed.
 * @throws ShowtellError `LOCKED`, `RUN_EXISTS`, `RUN_MISMATCH` naming the fields that differ, `RUN_FORMAT`, `FILE_WRITE`.
 */
export async function openTrainingRun(
  folder: string,
  description: RunDescription,
  settings: RunSettings,
): Promise<TrainingRun> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(folder, cause);
  });
  const lock = await lockFolder(folder);
  try {
    await describeRun(folder, description, settings);
  } catch (error) {
    await lock.release();
    throw error;
  }
  return runIn(folder, settings, lock);
}

/** Says in a new run's folder what the run was told, and refuses another run's. */
async function describeRun(
  folder: string,
  description: RunDescription,
  { resume, writer, idle }: RunSettings,
): Promise<void> {
  const path = join(folder, runFiles.description);
  if (await isThere(path)) {
    if (!resume)
      throw new ShowtellError(
        "RUN_EXISTS",
        `"${folder}" already holds a training run: pass --resume to continue it, or name another folder`,
      );
    requireSameRun(await readRunDescription(path), description, { path, idle });
  } else {
    await writeFileAtomically(path, `${JSON.stringify({ writer, ...description }, undefined, 2)}\n`);
  }
}

async function appendLines(path: string, lines: readonly HistoryEvent[]): Promise<void> {
  await appendFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join("")).catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
}

function runIn(folder: string, { writer, judged }: RunSettings, lock: FolderLock): TrainingRun {
  const at = (name: keyof typeof runFiles): string => join(folder, runFiles[name]);
  const candidate = join(folder, adaptationFiles.candidate);
  const refused = join(folder, adaptationFiles.refused);
  return {
    folder,
    appendHistory: (event) => appendLines(at("history"), [event]),
    appendSamples: (lines) => appendLines(at("samples"), lines),
    saveCheckpoint: (progress, state) => writeFileAtomically(at("last"), checkpointParts(progress, state, writer)),
    saveBest: (bundle) => writeBundleFile(judged ? candidate : at("best"), bundle),
    async bestPath() {
      for (const path of [candidate, at("best"), refused]) if (await isThere(path)) return path;
      return undefined;
    },
    async settle(adaptation) {
      const report = `${JSON.stringify({ writer, ...adaptation }, undefined, 2)}\n`;
      await writeFileAtomically(join(folder, adaptationFiles.report), report);
      if (!(await isThere(candidate))) return;
      const path = adaptation.remembered?.accepted === false ? refused : at("best");
      await rename(candidate, path).catch((cause: unknown) => {
        throw unwritable(path, cause);
      });
    },
    async drawCurves() {
      const epochs = await readEpochs(at("history"));
      if (epochs.length === 0) return;
      const best = epochs.findLast((epoch) => epoch.best) ?? epochs[0]!;
      const svg = await trainingCurves(epochs, best.epoch);
      await writeFileAtomically(at("curvesSvg"), svg);
      await writeFileAtomically(at("curvesPng"), await rasterise(svg));
    },
    close: () => lock.release(),
  };
}

async function readEpochs(path: string): Promise<readonly RunEpoch[]> {
  const lines = (await isThere(path)) ? wholeLines(await textOf(path)) : [];
  return lines.flatMap((line) => {
    const event = runEvent(line);
    return event?.kind === "epoch" ? [event] : [];
  });
}

function parsedLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/**
 * Where a run goes on: its checkpoint, with history and samples cut back to it; nothing if it never got that far.
 * @throws ShowtellError `RUN_FORMAT`, `RUN_MISMATCH`, `SAFETENSORS_FORMAT`.
 */
export async function resumedFrom(
  { folder }: TrainingRun,
  expected: LearnerState,
): Promise<{ readonly progress: Progress; readonly state: LearnerState } | undefined> {
  const path = join(folder, runFiles.last);
  const checkpoint = (await isThere(path)) ? readCheckpoint(await readBytes(path), path, expected) : undefined;
  const done = checkpoint?.progress ?? { step: 0, epoch: 0 };
  await cutBack(join(folder, runFiles.history), done);
  await cutBack(join(folder, runFiles.samples), done);
  return checkpoint;
}

/** Drops the lines of later steps, and of epochs that are yet to be judged, and a last line that a kill left torn. */
async function cutBack(path: string, done: Pick<Progress, "step" | "epoch">): Promise<void> {
  if (!(await isThere(path))) return;
  const kept = (await textOf(path)).split("\n").filter((line) => {
    const parsed = lineSchema.safeParse(parsedLine(line));
    return parsed.success && parsed.data.step <= done.step && (parsed.data.epoch ?? 0) <= done.epoch;
  });
  await writeFileAtomically(path, kept.map((line) => `${line}\n`).join(""));
}
