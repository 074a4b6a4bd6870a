// How each rater did beside the others. Knows no system and no metric.
import type { Judgment, Judgments, RaterRecord } from "./judgments.ts";
import { rankPairs, sampleOf, spearman } from "../statistics/ranks.ts";
import { mean } from "../statistics/spread.ts";

/** How a rater did. */
export interface RaterFinding extends RaterRecord {
  readonly judged: number;
  /** Share of the comparisons with other raters' judgments of the same in which both said the same. */
  readonly sameAsOthers?: number;
  /** Spearman's correlation with the mean of the others; of several scales the mean. */
  readonly correlation?: number;
}

/** The findings on each rater, in their order. */
export function raterFindings({ items, judgments, raters, scales }: Judgments): readonly RaterFinding[] {
  const byItem: Judgment[][] = items.map(() => []);
  for (const judgment of judgments) byItem[judgment.item]!.push(judgment);
  return raters.map((record) => {
    const own = judgments.filter(({ rater }) => rater === record.rater);
    return { ...record, judged: own.length, ...besideOthers(own, byItem, scales) };
  });
}

function besideOthers(
  own: readonly Judgment[],
  byItem: readonly (readonly Judgment[])[],
  scales: readonly string[],
): Pick<RaterFinding, "sameAsOthers" | "correlation"> {
  let [same, compared] = [0, 0];
  const correlations: number[] = [];
  // Scales one by one: that one is answered higher than another is no agreement.
  for (const scale of scales) {
    const [mine, theirs]: [number[], number[]] = [[], []];
    for (const judgment of own) {
      const said = byItem[judgment.item]!.filter((other) => other !== judgment).map(({ values }) => values[scale]!);
      if (said.length === 0) continue;
      same += said.filter((value) => value === judgment.values[scale]).length;
      compared += said.length;
      mine.push(judgment.values[scale]!);
      theirs.push(mean(said));
    }
    correlations.push(...[spearman(sampleOf(rankPairs(mine, theirs)))].filter((one) => one !== undefined));
  }
  return {
    ...(compared > 0 && { sameAsOthers: same / compared }),
    ...(correlations.length > 0 && { correlation: mean(correlations) }),
  };
}
