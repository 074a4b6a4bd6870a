// How a metric goes with what people said. Knows no system and no rater.
import type { JudgedGroups } from "./judged-groups.ts";
import { timesOfGroups } from "./judged-groups.ts";
import { preference } from "./judgments.ts";
import { kendall, rankPairs, sampleOf, spearman } from "../statistics/ranks.ts";
import type { Times } from "../statistics/ranks.ts";
import { mean } from "../statistics/spread.ts";
import { bootstrapEstimates, named } from "./resampling.ts";
import type { Estimate, ResamplingOptions } from "./resampling.ts";

/** How a metric goes with judgments. */
export interface MetricFinding {
  readonly metric: string;
  readonly scale: string;
  readonly items: number;
  /** Samples of the bootstrap. */
  readonly resamples: number;
  readonly tauB?: Estimate;
  readonly tauC?: Estimate;
  readonly spearman?: Estimate;
  /** Of pairs that people do not call a tie: the share in which the metric is higher for their choice (half where it is tied). */
  readonly accuracy?: Estimate;
}

/** Holds a metric against the mean of what people said on a scale. */
export async function metricFinding(
  metric: string,
  scale: string,
  { groups, pictures }: JudgedGroups,
  options: ResamplingOptions,
): Promise<MetricFinding> {
  const own = groups.filter(({ values }) => values[scale] !== undefined);
  const judged = own.map(({ values }) => mean(values[scale]!));
  const scored = own.map(({ scores }) => {
    const [first, second = 0] = scores[metric]!;
    return first! - second;
  });
  const pairs = rankPairs(judged, scored);
  const accuracy = scale === preference ? accuracyOf(judged, scored) : () => undefined;
  const estimates = await bootstrapEstimates(
    pictures,
    (drawn) => {
      const times = timesOfGroups(own, drawn);
      const sample = sampleOf(pairs, times);
      const { tauB, tauC } = kendall(sample);
      return [tauB, tauC, spearman(sample), accuracy(times)];
    },
    options,
  );
  const { resamples } = options;
  return {
    metric,
    scale,
    items: own.length,
    resamples,
    ...named(["tauB", "tauC", "spearman", "accuracy"], estimates),
  };
}

/** The accuracy in a sample of pairs. */
function accuracyOf(judged: readonly number[], scored: readonly number[]): (times: Times) => number | undefined {
  const decided = judged.flatMap((value, i) =>
    value === 0 ? [] : [{ i, right: (1 + Math.sign(value) * Math.sign(scored[i]!)) / 2 }],
  );
  return (times) => {
    const count = decided.reduce((sum, { i }) => sum + times[i]!, 0);
    return count === 0 ? undefined : decided.reduce((sum, { i, right }) => sum + times[i]! * right, 0) / count;
  };
}
