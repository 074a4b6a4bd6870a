// Learning rates by step: plain functions of numbers.

/** A warm-up followed by a decay. */
export interface Schedule {
  readonly kind: "constant" | "cosine";
  /** The largest rate. */
  readonly peak: number;
  /** Steps of linear rise from 0, half of all where it would take them all, so that short runs reach the peak; default 0. */
  readonly warmup?: number;
  /** Cosine: the share of the peak that is left at the end; default 0. */
  readonly floor?: number;
}

/** The learning rate of step 1, 2, … of `total` (cosine: Loshchilov and Hutter 2017, without restarts). */
export function learningRate({ kind, peak, warmup = 0, floor = 0 }: Schedule, step: number, total: number): number {
  const rise = warmup < total ? warmup : Math.max(1, Math.floor(total / 2));
  if (step <= rise) return (peak * step) / rise;
  if (kind === "constant") return peak;
  const progress = Math.min(1, (step - rise) / Math.max(1, total - rise));
  return peak * (floor + ((1 - floor) * (1 + Math.cos(Math.PI * progress))) / 2);
}
