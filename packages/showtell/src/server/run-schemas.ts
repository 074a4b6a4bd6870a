// The shapes of what the service tells of training runs: as schemas, of which the OpenAPI document is made.
import { z } from "zod";
import { runEpoch } from "../node/run-history.ts";
import { runSample } from "../node/run-reading.ts";
import type { RunRecord, RunSummary } from "../train/run-summary.ts";
import { named } from "./schemas.ts";

const summaryFields = {
  name: z.string().describe("Its folder's name."),
  state: z
    .enum(["running", "finished", "early stop", "cancelled", "interrupted", "damaged"])
    .describe("Interrupted: it did not end and has no process. Damaged: its files can't be read."),
  decoder: z.exactOptional(z.string()),
  data: z.exactOptional(z.string()),
  objective: z.exactOptional(z.string()),
  epochs: z.exactOptional(z.object({ done: z.int().min(0), planned: z.int().min(1) })),
  best: z
    .exactOptional(z.object({ epoch: z.int().min(1), loss: z.number(), CIDEr: z.exactOptional(z.number()) }))
    .describe("The best epoch so far, on dev."),
  secondsLeft: z.exactOptional(z.number()).describe("Of training steps, if all epochs are needed."),
  changedMs: z.number().describe("When something was last written, in ms since 1970."),
};

const runSummary: z.ZodType<RunSummary> = named("RunSummary", z.object(summaryFields));

/** The runs. */
export const runList: z.ZodType<{ readonly runs: readonly RunSummary[] }> = named(
  "RunList",
  z.object({ runs: z.array(runSummary) }),
);

/** A run. */
export const runRecord: z.ZodType<RunRecord> = named(
  "Run",
  z.object({
    ...summaryFields,
    history: z.array(runEpoch).describe("Epoch by epoch; losses in nats a token, scores as fractions."),
    samples: z.array(runSample).describe("What it says of a few dev pictures after the newest epoch."),
  }),
);
