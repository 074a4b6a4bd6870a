// METEOR's statistics and the formula over them (Denkowski & Lavie 2014, English ranking parameters). Knows no text.

/**
 * What METEOR counts for a segment, in its own order of 23 whole numbers; a corpus is their sum.
 *
 * 0 words of the hypothesis, 1 of the reference, 2 function words of the hypothesis, 3 of the reference; then for each stage i
 * (exact, stem, synonym, paraphrase) at 4 + 4i the words matched: content words of the hypothesis, of the reference, function
 * words of the hypothesis, of the reference; 20 chunks, 21 words matched in the hypothesis, 22 in the reference.
 */
export type MeteorStatistics = readonly number[];

/** Where a stage's four counts begin. */
export const STAGES_START = 4;
export const STAGE_SIZE = 4;
export const CHUNKS = 20;
export const HYPOTHESIS_MATCHES = 21;
export const REFERENCE_MATCHES = 22;
export const STATISTICS_SIZE = 23;

/** Weight of a match by stage. */
export const STAGE_WEIGHTS: readonly number[] = [1, 0.6, 0.8, 0.6];

const ALPHA = 0.85; // of recall in the mean, against precision
const BETA = 0.2; // exponent of fragmentation
const GAMMA = 0.6; // most that fragmentation takes away
const DELTA = 0.75; // weight of content words, against function words

/** The METEOR score of statistics: the mean of precision and recall, less what fragmentation takes away. */
export function meteorScore(statistics: MeteorStatistics): number {
  const at = (index: number): number => statistics[index] ?? 0;
  const side = (offset: 0 | 1): number => {
    let matched = 0;
    STAGE_WEIGHTS.forEach((weight, stage) => {
      const start = STAGES_START + stage * STAGE_SIZE + offset;
      matched += weight * (DELTA * at(start) + (1 - DELTA) * at(start + 2));
    });
    const functionWords = at(2 + offset);
    const all = DELTA * (at(offset) - functionWords) + (1 - DELTA) * functionWords;
    return all === 0 ? 0 : matched / all;
  };
  const precision = side(0);
  const recall = side(1);
  if (precision === 0 || recall === 0) return 0;
  const mean = 1 / ((1 - ALPHA) / precision + ALPHA / recall);
  const fragmentation = isOneRun(statistics) ? 0 : at(CHUNKS) / ((at(HYPOTHESIS_MATCHES) + at(REFERENCE_MATCHES)) / 2);
  return mean * (1 - GAMMA * fragmentation ** BETA);
}

/** Whether all words are matched in one run: then there is no fragmentation. */
export function isOneRun(statistics: MeteorStatistics): boolean {
  return (
    statistics[HYPOTHESIS_MATCHES] === statistics[0] &&
    statistics[REFERENCE_MATCHES] === statistics[1] &&
    statistics[CHUNKS] === 1
  );
}

/** The statistics of several segments together; a segment matched in one run counts no chunk, as in METEOR. */
export function sumMeteorStatistics(segments: Iterable<MeteorStatistics>): MeteorStatistics {
  const sum = Array.from({ length: STATISTICS_SIZE }, () => 0);
  for (const segment of segments) {
    segment.forEach((count, index) => {
      sum[index] = (sum[index] ?? 0) + (index === CHUNKS && isOneRun(segment) ? 0 : count);
    });
  }
  return sum;
}
