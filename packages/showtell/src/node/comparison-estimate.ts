// How long runs will take: from records of like runs on this machine, else from a few timed steps.
import { join } from "node:path";
import { canonicalJson } from "../bundle/identity.ts";
import { withRuns } from "../compare/planned-runs.ts";
import { decisiveOptions } from "../compare/record.ts";
import type { RunOptions, RunRecord } from "../compare/record.ts";
import type { ComparisonRequest, RunState } from "./comparison-request.ts";
import { modelPath, toldOptions } from "./comparison-states.ts";
import { isFinishedRun } from "./finished-run.ts";
import { readRecords, thisMachine } from "./run-records.ts";
import type { StepTime } from "./timed-steps.ts";
import { timeSteps } from "./timed-steps.ts";
import type { TrainingRequest } from "./training-request.ts";

/** What a run is expected to take. */
export interface RunEstimate {
  readonly place: number;
  /** Absent where it can't be told yet. */
  readonly seconds?: number;
  /** What that rests on, for people. */
  readonly basis: string;
}

/** The options of a run by its name. */
type OptionsOf = (name: string) => RunOptions | undefined;

/** What decides how long a step takes; a run that begins with another's model has that one's sizes. */
function likeness(options: RunOptions, optionsOf: OptionsOf): string {
  const { encoder, decoder, embeddingSize, decoderOptions, fineTune, training, init, old } = decisiveOptions(
    options,
  ) as {
    readonly [name: string]: unknown;
    readonly decoderOptions?: RunOptions;
    readonly training?: RunOptions;
  };
  const first = typeof init === "string" ? optionsOf(init) : undefined;
  const { dropout: _dropout, ...sizes } = decoderOptions ?? {};
  const { batchSize, captionsPerPicture, objective, maximumWords, scheduledSampling, wordDistillation } =
    training ?? {};
  const kind = (objective as { readonly kind?: string } | undefined)?.kind;
  const learnt = fineTune === undefined ? undefined : (fineTune as { readonly stage: string }).stage;
  const own = { embeddingSize, sizes, learnt, batchSize, captionsPerPicture, kind, maximumWords };
  const methods = { samples: Boolean(scheduledSampling), follows: wordDistillation !== undefined, old };
  return canonicalJson({ encoder, decoder, ...own, ...methods, from: first && likeness(first, optionsOf) });
}

/** Seconds that a like run's record foretells for a number of epochs: steps, judging after each, and measuring at the end. */
function fromRecord(
  { training, evaluation }: RunRecord,
  { epochs, selectFirst, select }: TrainingRequest["training"],
): number {
  const { epochs: done, seconds } = training!;
  const judged = select === "loss" ? 0 : Math.min(selectFirst ?? evaluation.pictures, evaluation.pictures);
  const judging = (epochs * judged) / evaluation.captionsPerSecond;
  return (seconds / done) * epochs + judging + evaluation.seconds;
}

function fromSteps(time: StepTime, epochs: number): Omit<RunEstimate, "place"> {
  if (time.kind === "features")
    return {
      basis: `features first, ${Math.ceil(time.seconds / 60)} min by the first pictures; steps can't be timed before`,
    };
  const teacher = time.before > 0 ? "its teacher's first pictures and " : "";
  return { seconds: time.before + time.perEpoch * epochs, basis: `${teacher}a few timed steps, without validating` };
}

/** What a caller may watch and stop. */
export interface EstimateListener {
  readonly onTiming?: (state: RunState) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What the runs at some places will take.
 * @param data Hash of the data set's captions.
 * @throws ShowtellError `CANCELLED`, and as `trainCaptioner` does.
 */
export async function estimateRuns(
  request: ComparisonRequest,
  states: readonly RunState[],
  places: readonly number[],
  data: string | undefined,
  { onTiming, signal }: EstimateListener = {},
): Promise<readonly RunEstimate[]> {
  const machine = thisMachine(request.threads);
  const records = await readRecords(request.records);
  const known = records.filter(
    (record) => record.machine.cpu === machine.cpu && record.machine.threads === machine.threads,
  );
  // Where old data is mixed in the hash is of both, and the options name it.
  const trainings = known.filter(
    ({ training, options: own }) => training !== undefined && (own["old"] !== undefined || training.data.hash === data),
  );
  const options = new Map(records.map((record) => [record.name, record.options]));
  for (const { name, run } of states) {
    options.set(
      name,
      toldOptions(run, (need) => states[need]!.name),
    );
  }
  const likenessOf = (own: RunOptions): string => likeness(own, (name) => options.get(name));
  const timed = new Map<string, StepTime>();
  const estimates: RunEstimate[] = [];
  for (const place of places) {
    const { run, name } = states[place]!;
    if (run.template.kind === "evaluate" || (await isFinishedRun(join(request.out, name)))) {
      estimates.push({ place, ...measuringTime(known, options.get(name)!) });
      continue;
    }
    const { request: template } = run.template;
    const like = likenessOf(options.get(name)!);
    const record = trainings.findLast((one) => likenessOf(one.options) === like);
    if (record !== undefined) {
      const seconds = fromRecord(record, template.training);
      estimates.push({ place, seconds, basis: `the record ${record.name}` });
      continue;
    }
    const missing = run.needs.find((need) => !states[need]!.hasModel);
    if (missing !== undefined) {
      estimates.push({ place, basis: `not known before "${states[missing]!.run.row.name}" is trained` });
      continue;
    }
    const resolved = withRuns(template, (need) => modelPath(request.out, states[need]!.name));
    const likeTaught = canonicalJson([like, resolved.distil]);
    if (!timed.has(likeTaught)) {
      onTiming?.(states[place]!);
      timed.set(likeTaught, await timeSteps(resolved, signal));
    }
    estimates.push({ place, ...fromSteps(timed.get(likeTaught)!, template.training.epochs) });
  }
  return estimates;
}

/**
 * What captioning and scoring took per model that captions: where captions were found in the same way, else where any were, which may be by a
 * narrower search.
 */
function measuringTime(known: readonly RunRecord[], own: RunOptions): Omit<RunEstimate, "place"> {
  const search = searchOf(own);
  const alike = known.findLast(({ kind, options }) => kind === "evaluate" && searchOf(options) === search);
  const record = alike ?? known.at(-1);
  if (record === undefined) return { basis: "captioning only" };
  const each = record.evaluation.seconds / modelsIn(record.options);
  return { seconds: modelsIn(own) * each, basis: `captioning only, by the record ${record.name}` };
}

/** How captions are found, whoever finds them. */
function searchOf({ model: _model, restAfter: _after, ...search }: RunOptions): string {
  return canonicalJson(search);
}

/** Models that caption together; a run that was trained is one. */
function modelsIn({ model }: RunOptions): number {
  return String(model).split(",").length;
}
