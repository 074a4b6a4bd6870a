// How the runs of a plan stand: which have a record, which have a model, and which are left to do. Runs nothing.
import { join } from "node:path";
import { ShowtellError } from "../base/errors.ts";
import { agreementOptionsOf } from "../caption/caption-options.ts";
import { ensembleIdentity } from "../caption/ensemble.ts";
import type { Plan } from "../compare/plan.ts";
import { withRuns } from "../compare/planned-runs.ts";
import type { RunKey, RunOptions, RunRecord } from "../compare/record.ts";
import { isRecordOf, recordName } from "../compare/record.ts";
import { decoderIdentityIn, encoderIdentityIn, makeIntegers } from "./bundle-files.ts";
import type { ComparedRun, ComparisonRequest, RunState } from "./comparison-request.ts";
import { modelPaths } from "./captioner-files.ts";
import { openDataset } from "./dataset-folder.ts";
import { isThere } from "./files.ts";
import { hasFinishedModel } from "./finished-run.ts";
import { defaultRunOptions, runOptions } from "./run-options.ts";
import { readRecords } from "./run-records.ts";
import { dataHashOf } from "./training-captions.ts";
import { runFiles } from "./training-run.ts";
import { missingEncoder } from "./weights-folder.ts";

/** The path of a run's model. */
export function modelPath(out: string, name: string): string {
  return join(out, name, runFiles.best);
}

/** What tells a run from others, the runs that it needs going by their names. */
async function keyOf(run: ComparedRun, names: readonly string[], data: string | undefined): Promise<RunKey> {
  const { template } = run;
  const options = toldOptions(run, (place) => names[place]!);
  if (template.kind === "evaluate") {
    const model = await identityIn(template.request.model.split(","));
    return { kind: "evaluate", options, model, data };
  }
  const { encoder, fineTune, old, training } = template.request;
  // A fine-tuned run leaves another encoder than it read, and its record names the one it left.
  const keepsEncoder = fineTune === undefined && isOwnFile(encoder);
  await makeIntegers(encoder);
  return {
    kind: "train",
    options,
    encoder: keepsEncoder ? await encoderIdentityIn(encoder) : undefined,
    data: data === undefined || old === undefined ? data : await dataHashOf(template.request, training.seed),
  };
}

/** The identity of decoders in files of their own, as one model; undefined if one is not here. */
async function identityIn(paths: readonly string[]): Promise<string | undefined> {
  const identities = await Promise.all(
    paths.map(async (path) => (isOwnFile(path) ? decoderIdentityIn(path) : undefined)),
  );
  return identities.every((identity) => identity !== undefined) ? ensembleIdentity(identities) : undefined;
}

/** What a run is told, but for where things are; models of other runs go by their names. */
export function toldOptions({ template }: ComparedRun, nameOf: (place: number) => string): RunOptions {
  const named = withRuns(template.request, nameOf);
  return template.kind === "evaluate" ? searchOptions(named) : runOptions(named);
}

function searchOptions(request: object): RunOptions {
  const { model, split, beam, restAfter } = request as RunOptions;
  return JSON.parse(JSON.stringify({ model, split, beam, ...agreementOptionsOf(request), restAfter })) as RunOptions;
}

/** A few words that a record's name begins with. */
function wordsOf({ template, seed, row }: ComparedRun): readonly string[] {
  const own = seed === undefined ? [] : [`s${seed}`];
  if (template.kind === "evaluate") return [row.name, ...own];
  const { decoder, training, fineTune } = template.request;
  const how = [
    ...(training.objective.kind === "cross-entropy" ? [] : [training.objective.kind]),
    ...(fineTune === undefined ? [] : ["fine-tuned"]),
  ];
  return [decoder, ...how, ...own];
}

function seedOf(run: ComparedRun, record: RunRecord): boolean {
  return run.template.kind === "evaluate" || run.seed === record.seed;
}

/**
 * How each run of a comparison stands. Without data (where only records are read) records of any data set count.
 * @throws ShowtellError `RECORD_FORMAT`, `FILE_NOT_FOUND`, `RECORD_MISMATCH` if a run's record is of another split than the plan's.
 */
export async function runStates(
  {
    plan,
    runs,
    records: folder,
    out,
  }: Pick<ComparisonRequest, "runs" | "records" | "out"> & { readonly plan: Pick<Plan, "split"> },
  data: string | undefined,
): Promise<readonly RunState[]> {
  const records = await readRecords(folder);
  const states: RunState[] = [];
  for (const run of runs) {
    const key = await keyOf(
      run,
      states.map(({ name }) => name),
      data,
    );
    const defaults = key.kind === "train" ? defaultRunOptions(key.options) : {};
    const record = records.find((one) => seedOf(run, one) && isRecordOf(one, key, defaults));
    if (record !== undefined && record.evaluation.split !== plan.split)
      throw new ShowtellError(
        "RECORD_MISMATCH",
        `record "${record.name}" in "${folder}" is of split "${record.evaluation.split}", the plan of "${plan.split}": keep the records of each ` +
          "split in a folder of their own (--records); models are found again in --out",
      );
    const name = record?.name ?? recordName(wordsOf(run), key);
    states.push({ run, name, ...(record && { record }), hasModel: await hasFinishedModel(join(out, name)) });
  }
  return states;
}

/**
 * Checks before anything runs that what the runs to be done will read is here: the plan's split, and the files that their rows name.
 * @throws ShowtellError `DATA_…`; `ENCODER_MISSING`, or `FILE_NOT_FOUND` naming the field of the plan.
 */
export async function requireSources(
  { plan, data, images }: Pick<ComparisonRequest, "data" | "images"> & { readonly plan: Pick<Plan, "split"> },
  states: readonly RunState[],
  places: readonly number[],
): Promise<void> {
  if (places.length > 0) (await openDataset(data, images === undefined ? {} : { images })).split(plan.split);
  for (const place of places) {
    const { run } = states[place]!;
    const { template, row, field } = run;
    if (template.kind === "train") {
      const { encoder } = template.request;
      if (await isMissing(encoder)) throw missingEncoder(encoder, `"${row.name}": the encoder`);
    }
    for (const [option, named] of filesNamedBy(template)) await requireModels(named, `${field}.${option}`);
  }
}

async function requireModels(named: string, field: string): Promise<void> {
  for (const path of await modelPaths(named)) {
    if (!(await isMissing(path))) continue;
    const remedy = "name the file of another, or { row: NAME } for the model of a row";
    throw new ShowtellError("FILE_NOT_FOUND", `${field} names "${path}", which is not there: ${remedy}`);
  }
}

/** Files that a run names, by the names of the options that name them: one each, or several with commas between. */
function filesNamedBy({
  kind,
  request,
}: ComparedRun["template"]): readonly (readonly [option: string, named: string])[] {
  if (kind === "evaluate") return [["model", request.model]];
  const { init, distil } = request;
  return [
    ...(init === undefined ? [] : [["init", init] as const]),
    ...(distil === undefined ? [] : [["distil", distil.models] as const]),
  ];
}

/** Whether a file that is not that of another run is not here. */
async function isMissing(path: string): Promise<boolean> {
  return isOwnFile(path) && !(await isThere(path));
}

/** Whether an encoder or a model lies in a file of its own, and not in that of another run. */
function isOwnFile(path: string): boolean {
  return withRuns(path, () => "") === path;
}

/** Places of the runs to do, in order: those chosen that have no record, and the trainings whose models they need and that are not here. */
export function placesToDo(states: readonly RunState[], chosen: ReadonlySet<number>): readonly number[] {
  const wanted = new Set<number>();
  const needModel = (place: number): void => {
    const { hasModel, record, run } = states[place]!;
    if (hasModel && record !== undefined) return;
    wanted.add(place);
    run.needs.forEach(needModel);
  };
  for (const place of chosen) {
    const { record, run } = states[place]!;
    if (record !== undefined) continue;
    wanted.add(place);
    run.needs.forEach(needModel);
  }
  return [...wanted].toSorted((a, b) => a - b);
}
