// What judgments say: which system is better, how far raters agree and how well each did, which metric goes with them. Writes nothing.
import { ShowtellError } from "../base/errors.ts";
import { krippendorffAlpha } from "./agreement.ts";
import type { Measurement } from "./agreement.ts";
import { bradleyTerry } from "./bradley-terry.ts";
import type { JudgedItem, Judgments, RaterRecord } from "./judgments.ts";
import { preference } from "./judgments.ts";
import { kendall, mean, spearman } from "./ranks.ts";
import type { Estimate } from "./resampling.ts";
import { bootstrapEstimates } from "./resampling.ts";

/** A system's standing. */
export interface SystemStanding {
  readonly name: string;
  /** Log-strength by Bradley and Terry, with mean 0 over the systems; where captions were compared. */
  readonly strength?: Estimate;
  /** Comparisons won, tied and lost. */
  readonly games?: { readonly won: number; readonly tied: number; readonly lost: number };
  /** Mean of each scale; where captions were rated. */
  readonly means?: Readonly<Record<string, Estimate>>;
}

/** Krippendorff's alpha of a scale, by what its values are taken for. */
export interface AgreementFinding {
  readonly scale: string;
  /** Captions or pairs that two raters or more judged. */
  readonly items: number;
  readonly alpha: Readonly<Partial<Record<Measurement, Estimate>>>;
}

/** How a rater did. */
export interface RaterFinding extends RaterRecord {
  readonly judged: number;
  /** Share of the comparisons with other raters' judgments of the same in which both said the same. */
  readonly sameAsOthers?: number;
  /** Spearman's correlation with the mean of the others. */
  readonly correlation?: number;
}

/** How a metric goes with judgments. */
export interface MetricFinding {
  readonly metric: string;
  readonly scale: string;
  readonly items: number;
  /** Samples of the bootstrap; 0 where there are too many pairs for one, and then intervals have no width. */
  readonly resamples: number;
  readonly tauB?: Estimate;
  readonly tauC?: Estimate;
  readonly spearman?: Estimate;
  /** Of pairs that people do not call a tie: the share in which the metric is higher for their choice (half where it is tied). */
  readonly accuracy?: Estimate;
}

/** All findings. */
export interface Findings {
  readonly systems: readonly SystemStanding[];
  readonly agreement: readonly AgreementFinding[];
  readonly raters: readonly RaterFinding[];
  readonly metrics: readonly MetricFinding[];
}

/** Metric scores of the captions of each item, in the items' order. */
export type MetricScores = ReadonlyMap<string, readonly (readonly number[])[]>;

/** Settings. */
export interface FindingOptions {
  readonly resamples: number;
  readonly seed: number;
}

/** Half a game won and half lost, so that a system that always wins has an end. */
const prior = 1;

/** More than this times the number of metrics, and pairs of values are too many to be compared in each sample. */
const affordablePairs = 4e8;

/** Fewer samples make no interval. */
const fewestResamples = 100;

/** An item with what was said of it. */
interface Group {
  readonly item: JudgedItem;
  /** By scale, each rater's value. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** By metric, the score of each of its captions. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
}

/**
 * Everything that a report says. Intervals are those of a bootstrap over pictures.
 * @throws ShowtellError `DATA_EMPTY` if nothing was judged yet.
 */
export function findingsOf(data: Judgments, metrics: MetricScores, options: FindingOptions): Findings {
  if (data.judgments.length === 0) throw new ShowtellError("DATA_EMPTY", "nothing has been judged yet");
  const pictures = byPicture(data, metrics);
  return {
    systems: data.kind === "side-by-side" ? strengths(data, pictures, options) : means(data, pictures, options),
    agreement: data.scales.map((scale) => agreementOf(scale, pictures, options)),
    raters: data.raters.map((rater) => raterFinding(rater, data)),
    metrics: [...metrics.keys()].flatMap((metric) =>
      data.scales.map((scale) => metricFinding(metric, scale, pictures, metrics.size, options)),
    ),
  };
}

function byPicture({ items, judgments }: Judgments, metrics: MetricScores): readonly (readonly Group[])[] {
  const values = items.map((): Record<string, number[]> => ({}));
  for (const { item, values: own } of judgments) {
    for (const [scale, value] of Object.entries(own)) (values[item]![scale] ??= []).push(value);
  }
  const pictures = new Map<string, Group[]>();
  for (const [i, item] of items.entries()) {
    const scores = Object.fromEntries([...metrics].map(([metric, all]) => [metric, all[i]!]));
    const group = { item, values: values[i]!, scores };
    const there = pictures.get(item.image);
    if (there === undefined) pictures.set(item.image, [group]);
    else there.push(group);
  }
  return [...pictures.values()];
}

type Picture = readonly Group[];

function strengths({ systems }: Judgments, pictures: readonly Picture[], options: FindingOptions): SystemStanding[] {
  const estimates = bootstrapEstimates(pictures, (some) => bradleyTerry(winsOf(some.flat(), systems), prior), options);
  return systems.map((name, i) => {
    const games = { won: 0, tied: 0, lost: 0 };
    for (const { item, values } of pictures.flat()) {
      const side = item.captions.findIndex((caption) => caption.systems.includes(name));
      if (side < 0) continue;
      for (const value of values[preference] ?? []) {
        const own = side === 0 ? value : -value;
        games[own > 0 ? "won" : own < 0 ? "lost" : "tied"]++;
      }
    }
    return { name, strength: estimates[i]!, games };
  });
}

/** `wins[i][j]`; a tie is half a win for each. Captions of several systems count for each of them. */
function winsOf(groups: readonly Group[], systems: readonly string[]): number[][] {
  const wins = systems.map(() => systems.map(() => 0));
  for (const { item, values } of groups) {
    const [first, second] = item.captions.map((caption) => caption.systems.map((name) => systems.indexOf(name)));
    for (const value of values[preference] ?? []) {
      for (const [i, j] of first!.flatMap((one) => second!.map((other) => [one, other] as const))) {
        wins[i]![j]! += (1 + value) / 2;
        wins[j]![i]! += (1 - value) / 2;
      }
    }
  }
  return wins;
}

function means(
  { systems, scales }: Judgments,
  pictures: readonly Picture[],
  options: FindingOptions,
): SystemStanding[] {
  return systems.map((name) => {
    const statistic = (some: readonly Picture[]): (number | undefined)[] => {
      const own = some.flat().filter(({ item }) => item.captions[0]!.systems.includes(name));
      return scales.map((scale) => {
        const values = own.flatMap((group) => group.values[scale] ?? []);
        return values.length === 0 ? undefined : mean(values);
      });
    };
    const estimates = bootstrapEstimates(pictures, statistic, options);
    return { name, means: named(scales, estimates) };
  });
}

/** Those of values that there are, by name. */
function named<Name extends string>(
  names: readonly Name[],
  estimates: readonly (Estimate | undefined)[],
): Partial<Record<Name, Estimate>> & Readonly<Record<string, Estimate>> {
  const there = names.flatMap((name, i) => (estimates[i] === undefined ? [] : [[name, estimates[i]] as const]));
  return Object.fromEntries(there) as Partial<Record<Name, Estimate>> & Record<string, Estimate>;
}

function agreementOf(scale: string, pictures: readonly Picture[], options: FindingOptions): AgreementFinding {
  const measurements: readonly Measurement[] =
    scale === preference ? ["nominal", "ordinal"] : ["nominal", "ordinal", "interval"];
  const unitsOf = (some: readonly Picture[]): (readonly number[])[] =>
    some.flat().map(({ values }) => values[scale] ?? []);
  const estimates = bootstrapEstimates(
    pictures,
    (some) => measurements.map((measurement) => krippendorffAlpha(unitsOf(some), measurement)),
    options,
  );
  const items = unitsOf(pictures).filter(({ length }) => length > 1).length;
  return { scale, items, alpha: named(measurements, estimates) };
}

function raterFinding(record: RaterRecord, { judgments, scales }: Judgments): RaterFinding {
  const own = judgments.filter(({ rater }) => rater === record.rater);
  let [same, compared] = [0, 0];
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (const { item, values } of own) {
    const others = judgments.filter((one) => one.item === item && one.rater !== record.rater);
    if (others.length === 0) continue;
    for (const scale of scales) {
      const said = others.map((other) => other.values[scale]!);
      same += said.filter((value) => value === values[scale]).length;
      compared += said.length;
      mine.push(values[scale]!);
      theirs.push(mean(said));
    }
  }
  const correlation = spearman(mine, theirs);
  return {
    ...record,
    judged: own.length,
    ...(compared > 0 && { sameAsOthers: same / compared }),
    ...(correlation !== undefined && { correlation }),
  };
}

function metricFinding(
  metric: string,
  scale: string,
  pictures: readonly Picture[],
  metricCount: number,
  options: FindingOptions,
): MetricFinding {
  const compared = scale === preference;
  const statistic = (some: readonly Picture[]): (number | undefined)[] => {
    const groups = some.flat().filter(({ values }) => values[scale] !== undefined);
    const judged = groups.map(({ values }) => mean(values[scale]!));
    const scored = groups.map(({ scores }) => {
      const [first, second = 0] = scores[metric]!;
      return first! - second;
    });
    const { tauB, tauC } = kendall(judged, scored);
    return [tauB, tauC, spearman(judged, scored), compared ? accuracyOf(judged, scored) : undefined];
  };
  const items = pictures.flat().filter(({ values }) => values[scale] !== undefined).length;
  const affordable = Math.floor(affordablePairs / (metricCount * Math.max(1, items ** 2 / 2)));
  const resamples = affordable < fewestResamples ? 0 : Math.min(options.resamples, affordable);
  const estimates = bootstrapEstimates(pictures, statistic, { ...options, resamples });
  return { metric, scale, items, resamples, ...named(["tauB", "tauC", "spearman", "accuracy"], estimates) };
}

function accuracyOf(judged: readonly number[], scored: readonly number[]): number | undefined {
  const decided = judged.flatMap((value, i) => (value === 0 ? [] : [Math.sign(value) * Math.sign(scored[i]!)]));
  return decided.length === 0 ? undefined : mean(decided.map((same) => (1 + same) / 2));
}
