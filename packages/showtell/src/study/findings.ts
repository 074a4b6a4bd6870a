// What judgments say: which system is better, how far raters agree and how well each did, which metric goes with them. Writes nothing.
import { ShowtellError } from "../base/errors.ts";
import { countUnits, krippendorffAlpha } from "./agreement.ts";
import type { Measurement } from "./agreement.ts";
import { judgedGroups, timesOfGroups } from "./judged-groups.ts";
import type { JudgedGroups, MetricScores } from "./judged-groups.ts";
import type { Judgments } from "./judgments.ts";
import { preference } from "./judgments.ts";
import { metricFinding } from "./metric-findings.ts";
import type { MetricFinding } from "./metric-findings.ts";
import { raterFindings } from "./rater-findings.ts";
import type { RaterFinding } from "./rater-findings.ts";
import { bootstrapEstimates, named } from "./resampling.ts";
import type { Estimate, ResamplingOptions } from "./resampling.ts";
import { standings } from "./standings.ts";
import type { SystemStanding } from "./standings.ts";

/** Krippendorff's alpha of a scale, by what its values are taken for. */
export interface AgreementFinding {
  readonly scale: string;
  /** Captions or pairs that two raters or more judged. */
  readonly items: number;
  readonly alpha: Readonly<Partial<Record<Measurement, Estimate>>>;
}

/** All findings. */
export interface Findings {
  readonly systems: readonly SystemStanding[];
  readonly agreement: readonly AgreementFinding[];
  readonly raters: readonly RaterFinding[];
  readonly metrics: readonly MetricFinding[];
}

/** Settings. */
export interface FindingOptions extends ResamplingOptions {
  /** Told of each metric that was held against judgments. */
  readonly onMetric?: ((done: number, total: number) => void) | undefined;
}

/**
 * Everything that a report says. Intervals are those of a bootstrap over pictures.
 * @throws ShowtellError `DATA_EMPTY` if nothing was judged yet, `CANCELLED`.
 */
export async function findingsOf(data: Judgments, metrics: MetricScores, options: FindingOptions): Promise<Findings> {
  if (data.judgments.length === 0) throw new ShowtellError("DATA_EMPTY", "nothing has been judged yet");
  const judged = judgedGroups(data, metrics);
  const systems = await standings(data, judged, options);
  const agreement: AgreementFinding[] = [];
  for (const scale of data.scales) agreement.push(await agreementOf(scale, judged, options));
  return {
    systems,
    agreement,
    raters: raterFindings(data),
    metrics: await metricFindings(data, judged, metrics, options),
  };
}

async function agreementOf(
  scale: string,
  { groups, pictures }: JudgedGroups,
  options: ResamplingOptions,
): Promise<AgreementFinding> {
  const measurements: readonly Measurement[] =
    scale === preference ? ["nominal", "ordinal"] : ["nominal", "ordinal", "interval"];
  const counted = countUnits(groups.map(({ values }) => values[scale] ?? []));
  const estimates = await bootstrapEstimates(
    pictures,
    (sample) => {
      const times = timesOfGroups(groups, sample);
      return measurements.map((measurement) => krippendorffAlpha(counted, measurement, times));
    },
    options,
  );
  return { scale, items: counted.units.length, alpha: named(measurements, estimates) };
}

async function metricFindings(
  { scales }: Judgments,
  judged: JudgedGroups,
  metrics: MetricScores,
  { onMetric, ...options }: FindingOptions,
): Promise<readonly MetricFinding[]> {
  const found: MetricFinding[] = [];
  for (const metric of metrics.keys()) {
    for (const scale of scales) {
      found.push(await metricFinding(metric, scale, judged, options));
      onMetric?.(found.length, metrics.size * scales.length);
    }
  }
  return found;
}
