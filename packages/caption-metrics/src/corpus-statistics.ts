// What each image adds to every metric's corpus score, as a row of numbers: scores of any sample are functions of the sum of its
// rows. Knows no text.
import { type BleuStatistics, bleuScores } from "./bleu.ts";
import { MAX_N } from "./ngrams.ts";
import { CHUNKS, isOneRun, meteorScore, type MeteorStatistics, STATISTICS_SIZE } from "./meteor/statistics.ts";

/** Scores by metric, under the names that `scoreCaptions` uses. */
export type NamedScores = Readonly<Record<string, number>>;

/** The rows of a corpus, one an image; METEOR's numbers are 0 where it was left out. */
export interface CorpusStatistics {
  readonly images: number;
  /** `[images, ROW_SIZE]` */
  readonly rows: Float64Array;
  /** The name of METEOR's variant; undefined if METEOR was left out. */
  readonly meteorName: string | undefined;
}

/** What one image gives. */
export interface ImageResult {
  readonly bleu: BleuStatistics;
  readonly meteor: MeteorStatistics | undefined;
  readonly rougeL: number;
  readonly cider: number;
}

const GUESSED = 2;
const CORRECT = GUESSED + MAX_N;
const METEOR = CORRECT + MAX_N;
const ROUGE_L = METEOR + STATISTICS_SIZE;
const CIDER = ROUGE_L + 1;
/** Numbers in a row: BLEU's lengths, guesses and hits, METEOR's statistics, the scores of ROUGE-L and CIDEr. */
export const ROW_SIZE: number = CIDER + 1;

/** Writes an image's row, in a way that rows can be added up: a segment matched in one run counts no chunk, as in METEOR. */
export function writeRow({ bleu, meteor, rougeL, cider }: ImageResult, row: Float64Array): void {
  row[0] = bleu.hypothesisLength;
  row[1] = bleu.referenceLength;
  row.set(bleu.guessed, GUESSED);
  row.set(bleu.correct, CORRECT);
  if (meteor !== undefined) {
    row.set(meteor, METEOR);
    if (isOneRun(meteor)) row[METEOR + CHUNKS] = 0;
  }
  row[ROUGE_L] = rougeL;
  row[CIDER] = cider;
}

/** The scores of a number of images whose rows add up to `sums`. */
export function scoresOfSums(sums: Float64Array, images: number, meteorName: string | undefined): NamedScores {
  const [bleu1, bleu2, bleu3, bleu4] = bleuScores({
    hypothesisLength: sums[0] as number,
    referenceLength: sums[1] as number,
    guessed: Array.from(sums.subarray(GUESSED, CORRECT)),
    correct: Array.from(sums.subarray(CORRECT, METEOR)),
  });
  return {
    "BLEU-1": bleu1,
    "BLEU-2": bleu2,
    "BLEU-3": bleu3,
    "BLEU-4": bleu4,
    ...(meteorName !== undefined && { [meteorName]: meteorScore(Array.from(sums.subarray(METEOR, ROUGE_L))) }),
    "ROUGE-L": (sums[ROUGE_L] as number) / images,
    CIDEr: (sums[CIDER] as number) / images,
  };
}

/** What is known of an image whose METEOR was not kept. */
export interface KeptImage {
  readonly bleu: BleuStatistics;
  readonly rougeL: number;
  readonly cider: number;
}

/** The rows of a corpus from what was kept of its images; METEOR is left out. */
export function keptStatistics(images: readonly KeptImage[]): CorpusStatistics {
  const rows = new Float64Array(images.length * ROW_SIZE);
  images.forEach((image, i) => writeRow({ ...image, meteor: undefined }, rows.subarray(i * ROW_SIZE)));
  return { images: images.length, rows, meteorName: undefined };
}

/** What {@link keptStatistics} needs of each image of a corpus. */
export function keptImages({ images, rows }: CorpusStatistics): readonly KeptImage[] {
  return Array.from({ length: images }, (_, i) => {
    const row = rows.subarray(i * ROW_SIZE, (i + 1) * ROW_SIZE);
    return {
      bleu: {
        hypothesisLength: row[0] as number,
        referenceLength: row[1] as number,
        guessed: Array.from(row.subarray(GUESSED, CORRECT)),
        correct: Array.from(row.subarray(CORRECT, METEOR)),
      },
      rougeL: row[ROUGE_L] as number,
      cider: row[CIDER] as number,
    };
  });
}

/** Adds a row to sums. */
export function addRow(sums: Float64Array, rows: Float64Array, image: number): void {
  const start = image * ROW_SIZE;
  for (let column = 0; column < ROW_SIZE; column++) {
    sums[column] = (sums[column] as number) + (rows[start + column] as number);
  }
}

/** The scores of a whole corpus. */
export function corpusScores({ images, rows, meteorName }: CorpusStatistics): NamedScores {
  const sums = new Float64Array(ROW_SIZE);
  for (let image = 0; image < images; image++) addRow(sums, rows, image);
  return scoresOfSums(sums, images, meteorName);
}
