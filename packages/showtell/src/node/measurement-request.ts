// What the measuring thread is asked and what it gives: plain data that crosses between threads.
import type { AgreementOptions } from "../caption/caption-options.ts";
import type { RunRecord } from "../compare/record.ts";

/** A model to be measured, all resolved. */
export interface MeasurementRequest extends AgreementOptions {
  readonly data: string;
  readonly images?: string | undefined;
  readonly split: string;
  /** Path of a bundle, or of several with commas between, which caption together. */
  readonly model: string;
  readonly beam?: number | undefined;
  /** The pictures after the first so many are scored by themselves, too. */
  readonly restAfter?: number | undefined;
  readonly cache?: string | undefined;
  readonly threads?: number | undefined;
}

/** What was measured. */
export interface Measurement {
  readonly evaluation: RunRecord["evaluation"];
  readonly model: RunRecord["model"];
  readonly encoders: RunRecord["encoders"];
  /** Identities of the decoders that captioned. */
  readonly members: readonly string[];
  /** One a picture, in order. */
  readonly captions: readonly string[];
  /** By picture: `[images, columns]`, as caption-metrics keeps them. */
  readonly statistics: Float64Array;
  readonly meteorName: string | undefined;
}
