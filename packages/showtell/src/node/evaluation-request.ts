// What the evaluating thread is asked and what it tells: plain data that crosses between threads.
import type { PlainError } from "../base/errors.ts";
import type { AgreementOptions } from "../caption/caption-options.ts";
import type { ExtractionProgress } from "./feature-extraction.ts";

/** An evaluation, all resolved. */
export interface EvaluationRequest extends AgreementOptions {
  /** Folder or file of the data set, and the folder of its pictures if it lies elsewhere. */
  readonly data: string;
  readonly images?: string | undefined;
  /** Which of its splits; "all" is every picture. */
  readonly split: string;
  /** Each is a row: the path of a bundle, or of several with commas between, which caption together. */
  readonly models: readonly string[];
  /** Hypotheses that are followed; default: each bundle's own. */
  readonly beam?: number | undefined;
  /** Whether pictures may be scored that a model was trained on. */
  readonly allowLeak: boolean;
  /** Whether the rows that need the training pictures are computed: the best constant caption and the nearest picture's. */
  readonly baselines: boolean;
  /** Folder of the report; default: none is written. */
  readonly out?: string | undefined;
  /** Folder of feature caches; default: below the platform's cache folder. */
  readonly cache?: string | undefined;
  readonly threads?: number | undefined;
  /** Samples of the bootstrap. */
  readonly resamples: number;
}

/** What is the same in every evaluation unless said otherwise. */
export const defaultEvaluation: Pick<EvaluationRequest, "allowLeak" | "baselines" | "resamples"> = {
  allowLeak: false,
  baselines: true,
  resamples: 1000,
};

/** What happens meanwhile. `work` counts up: batches of pictures, words, rows. */
export type EvaluationNews =
  | { readonly kind: "broken picture"; readonly path: string; readonly error: PlainError }
  | { readonly kind: "features"; readonly split: string; readonly progress: ExtractionProgress }
  | { readonly kind: "work"; readonly task: string; readonly done: number; readonly total: number };
