// Runs what a plan lacks, one run after the other: trains, measures, writes the record. What is done when it is interrupted stays done.
import { join } from "node:path";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { withRuns } from "../compare/planned-runs.ts";
import { requireAccepted } from "../train/adaptation.ts";
import { readBundleFile } from "./bundle-files.ts";
import type { ComparisonRequest, RunState } from "./comparison-request.ts";
import { modelPath, toldOptions } from "./comparison-states.ts";
import { isFinishedRun, trainingSummary } from "./finished-run.ts";
import type { RecordListener } from "./run-record.ts";
import { makeRecord } from "./run-record.ts";
import type { TrainingRequest } from "./training-request.ts";
import { dataHashOf } from "./training-captions.ts";
import { adaptationFiles } from "./training-run.ts";
import { trainCaptioner } from "./training.ts";

/**
 * Does the runs at some places. Aborting ends the training in its checkpoint, from which the next call goes on.
 * @param states Of all runs of the plan.
 * @param places In an order in which each comes after those that it needs.
 * @throws ShowtellError `CANCELLED`, and as `trainCaptioner` and `measureModel` do.
 */
export async function runPlaces(
  request: ComparisonRequest,
  states: readonly RunState[],
  places: readonly number[],
  listener: RecordListener = {},
): Promise<void> {
  for (const [done, place] of places.entries()) {
    throwIfCancelled(listener.signal);
    const state = states[place]!;
    listener.onNews?.({ kind: "run", state, done, total: places.length });
    await doRun(request, states, state, listener);
  }
}

async function doRun(
  request: ComparisonRequest,
  states: readonly RunState[],
  { run, name, record }: RunState,
  listener: RecordListener,
): Promise<void> {
  const { records, out, data, images, cache, threads } = request;
  const { template, seed } = run;
  const resolved = withRuns(template.request, (place) => modelPath(out, states[place]!.name));
  const uses: Record<string, string> = {};
  for (const need of run.needs) {
    const { name: other } = states[need]!;
    uses[other] = (await readBundleFile(modelPath(out, other))).decoder!.manifest.identity;
  }
  const options = toldOptions(run, (place) => states[place]!.name);
  const common = { records, name, uses, seed, options };
  if (template.kind === "evaluate") {
    const measurement = { ...template.request, ...resolved, model: resolvedModel(resolved) };
    const read = { data: await dataHashOf(request) };
    await makeRecord({ ...common, ...read, kind: "evaluate", measurement }, listener);
    return;
  }
  const folder = join(out, name);
  const training = resolved as TrainingRequest;
  // What has ended lacks its record at most, and would ask its teacher and compare its models once more.
  if (!(await isFinishedRun(folder))) await trained({ ...training, out: folder, resume: true }, listener);
  // Trained again only because its model was not here: what is recorded stays.
  if (record !== undefined) return;
  const { selectFirst } = training.training;
  await makeRecord(
    {
      ...common,
      kind: "train",
      training: await trainingSummary(folder),
      measurement: {
        data,
        images,
        cache,
        threads,
        split: request.plan.split,
        model: modelPath(out, name),
        restAfter: selectFirst,
      },
    },
    listener,
  );
}

function resolvedModel(request: object): string {
  return (request as { readonly model: string }).model;
}

async function trained(request: TrainingRequest, { onNews, signal }: RecordListener): Promise<void> {
  const { reason, adaptation } = await trainCaptioner(request, {
    signal,
    onNews: (news) => onNews?.({ kind: "training", news }),
  });
  if (reason === "cancelled") throw new ShowtellError("CANCELLED", "cancelled by the caller");
  requireAccepted(adaptation, join(request.out, adaptationFiles.refused));
}
