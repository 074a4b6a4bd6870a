// What stands in a run's history, a line for each event: a training writes it; its curves, its record and the page of runs are made of it.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { RunEpoch } from "../train/run-summary.ts";

/** How a training may end. */
const reasons = ["finished", "early stop", "cancelled"] as const;

/** An event of a run's history. */
export type RunEvent = { readonly step: number } & (
  | (RunEpoch & { readonly kind: "epoch" })
  | { readonly kind: "end"; readonly reason: (typeof reasons)[number] }
  | { readonly kind: "start" | "attributes" }
);

const quality = z.object({ loss: z.number(), accuracy: z.number(), reward: z.number().exactOptional() });
const epochFields = {
  epoch: z.int().min(1),
  train: quality,
  dev: quality,
  scores: z.object({ CIDEr: z.number(), "BLEU-4": z.number() }).exactOptional(),
  best: z.boolean(),
  learningRate: z.number(),
  captionsPerSecond: z.number(),
  seconds: z.number(),
  residentBytes: z.number(),
};

/** The schema of an epoch. */
export const runEpoch: z.ZodType<RunEpoch> = z.object(epochFields);

const step = z.int().min(0);
const event: z.ZodType<RunEvent> = z.union([
  z.object({ kind: z.literal("epoch"), step, ...epochFields }),
  z.object({ kind: z.literal("end"), step, reason: z.enum(reasons) }),
  z.object({ kind: z.enum(["start", "attributes"]), step }),
]);

/** The event in a line; undefined if it holds none, as one that a kill left torn. */
export function runEvent(line: string): RunEvent | undefined {
  try {
    return event.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/**
 * The events of a history, in order; what stands behind the last line feed is still being written.
 * @throws ShowtellError `RUN_FORMAT` if a line holds no event.
 */
export function runEvents(text: string, path: string): readonly RunEvent[] {
  return wholeLines(text).map((line) => {
    const found = runEvent(line);
    if (found !== undefined) return found;
    throw new ShowtellError("RUN_FORMAT", `"${path}" has a line that is no event: ${line.slice(0, 60)}`);
  });
}

/** Lines that are ended. */
export function wholeLines(text: string): readonly string[] {
  return text.split("\n").slice(0, -1);
}
