// What a comparison is asked and what it tells while it goes on.
import type { Plan } from "../compare/plan.ts";
import type { PlannedRun } from "../compare/planned-runs.ts";
import type { RunRecord } from "../compare/record.ts";
import type { EvaluationNews } from "./evaluation-request.ts";
import type { MeasurementRequest } from "./measurement-request.ts";
import type { TrainingNews, TrainingRequest } from "./training-request.ts";

/** What a run is told; the models of other runs stand in it under their tokens (`runToken`), and its folder is missing. */
export type RunTemplate =
  | { readonly kind: "train"; readonly request: TrainingRequest }
  | { readonly kind: "evaluate"; readonly request: MeasurementRequest };

/** A run of the plan with what it is told. */
export interface ComparedRun extends PlannedRun {
  readonly template: RunTemplate;
}

/** A comparison, all resolved. */
export interface ComparisonRequest {
  readonly plan: Plan;
  /** All runs of the plan, each after those that it needs. */
  readonly runs: readonly ComparedRun[];
  /** Folder of the records. */
  readonly records: string;
  /** Folder of the runs' folders. */
  readonly out: string;
  readonly data: string;
  readonly images?: string | undefined;
  readonly cache?: string | undefined;
  readonly threads?: number | undefined;
}

/** How a run stands. */
export interface RunState {
  readonly run: ComparedRun;
  /** What its record is or will be called. */
  readonly name: string;
  /** Its record, if it has one. */
  readonly record?: RunRecord;
  /** Whether its model is in the folder of runs: a run that needs it has to train it again otherwise. */
  readonly hasModel: boolean;
}

/** What happens meanwhile. */
export type ComparisonNews =
  | { readonly kind: "run"; readonly state: RunState; readonly done: number; readonly total: number }
  | { readonly kind: "training"; readonly news: TrainingNews }
  | { readonly kind: "measuring"; readonly news: EvaluationNews }
  | { readonly kind: "record"; readonly record: RunRecord };
