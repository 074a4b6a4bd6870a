// Every metric over a corpus that does not fit in memory: image by image, in two passes over a source that can be opened again.
// Knows no file format.
import { bleuSettings, createBleuCounter } from "./bleu.ts";
import { ciderD, ciderSettings } from "./cider-d.ts";
import {
  addRow,
  type CorpusStatistics,
  type ImageResult,
  type NamedScores,
  ROW_SIZE,
  scoresOfSums,
  writeRow,
} from "./corpus-statistics.ts";
import { createDiversityCounter, type Diversity, type DiversityCounter } from "./diversity.ts";
import { createFrequencyCounter, type DocumentFrequencies } from "./document-frequencies.ts";
import { MetricsError } from "./errors.ts";
import { type MatchFinder, matchFinder, type Resources } from "./meteor/matches.ts";
import { bestStatistics, meteorName, meteorSettings } from "./meteor/meteor.ts";
import { hypothesisTokens, referenceTokens } from "./raw-captions.ts";
import { imageRougeL, rougeSettings } from "./rouge-l.ts";
import { type ReferenceRange, signature } from "./signature.ts";

/** One image of a corpus: raw captions. */
export interface CaptionedImage {
  readonly id: string;
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/** Options of {@link scoreStream}. */
export interface StreamOptions {
  /** Document frequencies for CIDEr; without them the source is opened twice, first to count. */
  readonly frequencies?: DocumentFrequencies;
  /** What METEOR looks words up in; without it METEOR is left out. */
  readonly meteor?: Resources;
  /** Called with each image's scores, in order; awaited, so that a slow writer slows the scoring down. */
  readonly onImage?: (id: string, scores: NamedScores) => void | Promise<void>;
  /** Keeps what the bootstrap resamples: 280 bytes an image (default false). */
  readonly keepStatistics?: boolean;
}

/** What {@link scoreStream} gives. */
export interface StreamScores {
  readonly images: number;
  readonly scores: NamedScores;
  /** What makes each score comparable, under the same names. */
  readonly signatures: Readonly<Record<string, string>>;
  /** How varied the hypotheses are. */
  readonly diversity: Diversity;
  /** The frequencies that CIDEr used: another system's captions of the same images can be given them. */
  readonly frequencies: DocumentFrequencies;
  /** Present with `keepStatistics`: what `bootstrapIntervals` and `compareSystems` take. */
  readonly statistics?: CorpusStatistics;
}

/**
 * Scores a corpus of any size: memory grows with the vocabulary and its n-grams only, not with the images.
 *
 * `open` gives the images from the beginning, each time it is called. Ids are not looked at: whether one stands there twice is
 * the source's affair.
 *
 * @throws MetricsError `NO_REFERENCES` naming the image, `EMPTY` without images or words.
 */
export async function scoreStream(
  open: () => Iterable<CaptionedImage> | AsyncIterable<CaptionedImage>,
  options: StreamOptions = {},
): Promise<StreamScores> {
  const frequencies = options.frequencies ?? (await countFrequencies(open()));
  const finder = options.meteor && matchFinder(options.meteor);
  const name = options.meteor && meteorName(options.meteor);
  const diversity = createDiversityCounter();
  const countBleu = createBleuCounter();
  const kept = options.keepStatistics === true ? createRowStore() : undefined;
  const sums = new Float64Array(ROW_SIZE);
  const row = new Float64Array(ROW_SIZE);
  let images = 0;
  let range: ReferenceRange = { fewest: Infinity, most: 0 };
  for await (const image of open()) {
    writeRow(scoreImage(image, { frequencies, finder, diversity, countBleu }), row);
    await options.onImage?.(image.id, scoresOfSums(row, 1, name));
    addRow(sums, row, 0);
    kept?.add(row);
    images++;
    range = widened(range, image.references.length);
  }
  if (images === 0) throw new MetricsError("EMPTY", "there is no image to score: the source is empty");
  return {
    images,
    scores: scoresOfSums(sums, images, name),
    signatures: signaturesOf(images, range, options),
    diversity: diversity.finish(),
    frequencies,
    ...(kept && { statistics: { images, rows: kept.rows(), meteorName: name } }),
  };
}

async function countFrequencies(
  images: Iterable<CaptionedImage> | AsyncIterable<CaptionedImage>,
): Promise<DocumentFrequencies> {
  const counter = createFrequencyCounter();
  for await (const { id, references } of images) counter.add(referenceTokens(references, id));
  return counter.finish();
}

/** What every image is scored with. */
interface Scoring {
  readonly frequencies: DocumentFrequencies;
  readonly finder: MatchFinder | undefined;
  readonly diversity: DiversityCounter;
  readonly countBleu: ReturnType<typeof createBleuCounter>;
}

function scoreImage(image: CaptionedImage, { frequencies, finder, diversity, countBleu }: Scoring): ImageResult {
  const hypothesis = hypothesisTokens(image.hypothesis, image.id);
  const references = referenceTokens(image.references, image.id);
  diversity.add(hypothesis);
  return {
    bleu: countBleu(hypothesis, references),
    meteor: finder && bestStatistics(hypothesis, references, finder),
    rougeL: imageRougeL(hypothesis, references),
    cider: ciderD([hypothesis], [references], { frequencies }).score,
  };
}

function widened({ fewest, most }: ReferenceRange, references: number): ReferenceRange {
  return { fewest: Math.min(fewest, references), most: Math.max(most, references) };
}

function signaturesOf(images: number, range: ReferenceRange, options: StreamOptions): Record<string, string> {
  const settings: Record<string, readonly string[]> = {
    ...Object.fromEntries([1, 2, 3, 4].map((n) => [`BLEU-${n}`, bleuSettings(n)])),
    ...(options.meteor && { [meteorName(options.meteor)]: meteorSettings(options.meteor) }),
    "ROUGE-L": rougeSettings,
    CIDEr: ciderSettings(images, options),
  };
  const ptb = { tokeniser: "ptb" };
  return Object.fromEntries(Object.entries(settings).map(([name, own]) => [name, signature(own, range, ptb)]));
}

/** Rows that arrive one by one, in one array that doubles. */
function createRowStore(): { add(row: Float64Array): void; rows(): Float64Array } {
  let rows = new Float64Array(1024 * ROW_SIZE);
  let used = 0;
  return {
    add(row) {
      if (used === rows.length) {
        const larger = new Float64Array(rows.length * 2);
        larger.set(rows);
        rows = larger;
      }
      rows.set(row, used);
      used += ROW_SIZE;
    },
    rows: () => rows.slice(0, used),
  };
}
