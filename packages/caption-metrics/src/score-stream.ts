// Every metric over a corpus that does not fit in memory: image by image, in two passes over a source that can be opened again.
// Knows no file format.
import { bleuScores, bleuStatistics, type BleuStatistics, sumBleuStatistics } from "./bleu.ts";
import { ciderD } from "./cider-d.ts";
import { createFrequencyCounter, type DocumentFrequencies } from "./document-frequencies.ts";
import { MetricsError } from "./errors.ts";
import { type FindMatches, matchFinder, type Resources } from "./meteor/matches.ts";
import { bestStatistics, meteorName } from "./meteor/meteor.ts";
import { meteorScore, type MeteorStatistics, sumMeteorStatistics } from "./meteor/statistics.ts";
import { ptbTokens } from "./ptb/tokens.ts";
import { rougeL } from "./rouge-l.ts";

/** One image of a corpus: raw captions. */
export interface CaptionedImage {
  readonly id: string;
  readonly hypothesis: string;
  readonly references: readonly string[];
}

/** Scores by metric, under the names that `scoreCaptions` uses. */
export type NamedScores = Readonly<Record<string, number>>;

/** Options of {@link scoreStream}. */
export interface StreamOptions {
  /** Document frequencies for CIDEr; without them the source is opened twice, first to count. */
  readonly frequencies?: DocumentFrequencies;
  /** What METEOR looks words up in; without it METEOR is left out. */
  readonly meteor?: Resources;
  /** Called with each image's scores, in order; awaited, so that a slow writer slows the scoring down. */
  readonly onImage?: (id: string, scores: NamedScores) => void | Promise<void>;
}

/** What one image adds to the sums. */
interface ImageResult {
  readonly bleu: BleuStatistics;
  readonly meteor: MeteorStatistics | undefined;
  readonly rougeL: number;
  readonly cider: number;
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
): Promise<{ readonly images: number; readonly scores: NamedScores }> {
  const frequencies = options.frequencies ?? (await countFrequencies(open()));
  const find = options.meteor && matchFinder(options.meteor);
  const name = options.meteor && meteorName(options.meteor);
  let sum: ImageResult | undefined;
  let images = 0;
  for await (const image of open()) {
    const result = scoreImage(image, frequencies, find);
    await options.onImage?.(image.id, namedScores(result, 1, name));
    sum = sum === undefined ? result : added(sum, result);
    images++;
  }
  if (sum === undefined) throw new MetricsError("EMPTY", "there is no image to score: the source is empty");
  return { images, scores: namedScores(sum, images, name) };
}

async function countFrequencies(
  images: Iterable<CaptionedImage> | AsyncIterable<CaptionedImage>,
): Promise<DocumentFrequencies> {
  const counter = createFrequencyCounter();
  for await (const { references } of images) counter.add(references.map(ptbTokens));
  return counter.finish();
}

function scoreImage(
  image: CaptionedImage,
  frequencies: DocumentFrequencies,
  find: FindMatches | undefined,
): ImageResult {
  if (image.references.length === 0) {
    throw new MetricsError(
      "NO_REFERENCES",
      `image "${image.id}" has no reference caption: give it one, or leave it out`,
    );
  }
  const hypotheses = [ptbTokens(image.hypothesis)];
  const references = [image.references.map(ptbTokens)];
  return {
    bleu: sumBleuStatistics(bleuStatistics(hypotheses, references)),
    meteor: find && bestStatistics(hypotheses[0] ?? [], references[0] ?? [], find),
    rougeL: rougeL(hypotheses, references).score,
    cider: ciderD(hypotheses, references, { frequencies }).score,
  };
}

function added(a: ImageResult, b: ImageResult): ImageResult {
  return {
    bleu: sumBleuStatistics([a.bleu, b.bleu]),
    meteor: a.meteor && b.meteor && sumMeteorStatistics([a.meteor, b.meteor]),
    rougeL: a.rougeL + b.rougeL,
    cider: a.cider + b.cider,
  };
}

function namedScores(sum: ImageResult, images: number, meteorKey: string | undefined): NamedScores {
  const [bleu1, bleu2, bleu3, bleu4] = bleuScores(sum.bleu);
  return {
    "BLEU-1": bleu1,
    "BLEU-2": bleu2,
    "BLEU-3": bleu3,
    "BLEU-4": bleu4,
    ...(meteorKey !== undefined && sum.meteor && { [meteorKey]: meteorScore(sum.meteor) }),
    "ROUGE-L": sum.rougeL / images,
    CIDEr: sum.cider / images,
  };
}
