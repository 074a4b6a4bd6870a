// One caption a picture against what people wrote: corpus scores with intervals, and the same with a reference less. Makes no captions.
import { bootstrapIntervals, scoreStream } from "caption-metrics";
import type {
  CaptionedImage,
  CorpusStatistics,
  Diversity,
  DocumentFrequencies,
  MeteorResources,
} from "caption-metrics";
import { pause, pausedBy } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import type { Scores } from "./evaluation.ts";

/** A picture and what people wrote about it. */
export interface ReferencedPicture {
  readonly image: string;
  /** At least one. */
  readonly references: readonly string[];
}

/** How captions are scored. */
export interface ScoringOptions {
  /** What METEOR looks words up in. */
  readonly meteor: MeteorResources;
  /** Samples of the bootstrap. */
  readonly resamples: number;
  readonly signal?: CancelSignal | undefined;
}

/** Captions that were scored. */
export interface ScoredCorpus {
  readonly scores: Scores;
  /** Of each picture, in order. */
  readonly perPicture: readonly Readonly<Record<string, number>>[];
  readonly signatures: Readonly<Record<string, string>>;
  readonly diversity: Diversity;
  /** What samples and parts of the pictures are scored by. */
  readonly statistics: CorpusStatistics;
  /** What CIDEr weighed words by: that of the same pictures' other captions. */
  readonly frequencies: DocumentFrequencies;
}

/** Pictures that are scored between two looks at the signal. */
const picturesBetweenPauses = 50;

/**
 * Scores captions, in the order of the pictures, against all references. Document frequencies are those of these references.
 * @param frequencies Those of an earlier scoring of the same pictures, which saves counting them.
 * @throws ShowtellError `CANCELLED`; MetricsError `NO_REFERENCES`, `EMPTY`.
 */
export async function scoreCorpus(
  pictures: readonly ReferencedPicture[],
  captions: readonly string[],
  { meteor, resamples, signal }: ScoringOptions,
  frequencies?: DocumentFrequencies,
): Promise<ScoredCorpus> {
  const perPicture: Readonly<Record<string, number>>[] = [];
  const corpus: readonly CaptionedImage[] = pictures.map(({ image, references }, i) => ({
    id: image,
    hypothesis: captions[i]!,
    references,
  }));
  const found = await scoreStream(() => corpus, {
    meteor,
    keepStatistics: true,
    ...(frequencies && { frequencies }),
    onImage(_, scores) {
      perPicture.push(scores);
      return perPicture.length % picturesBetweenPauses === 0 ? pause(signal) : undefined;
    },
  });
  const statistics = found.statistics!;
  const intervals = await bootstrapIntervals(statistics, { resamples, onResample: pausedBy(signal) });
  return {
    scores: mapRecord(found.scores, (value, name) => ({ value, low: intervals[name]![0], high: intervals[name]![1] })),
    perPicture,
    signatures: found.signatures,
    diversity: found.diversity,
    statistics,
    frequencies: found.frequencies,
  };
}

/**
 * How many references of each picture can be compared with each other: the fewest that a picture has, at most five; 0 if a picture has
 * only one, so that none is left to compare it with.
 */
export function comparedReferences(pictures: readonly ReferencedPicture[]): number {
  const fewest = pictures.reduce((least, { references }) => Math.min(least, references.length), 5);
  return fewest < 2 ? 0 : fewest;
}

/**
 * Scores against one reference less: of the first `compared` of each picture every one is left out in turn, and the mean of these
 * rounds is given (of an interval's ends, too). So people can be scored on the same terms, the reference left out being their caption.
 * @param captions One a picture, or "the reference left out".
 * @param compared From {@link comparedReferences}, at least 2.
 */
export async function scoreWithOneLess(
  pictures: readonly ReferencedPicture[],
  captions: readonly string[] | "the reference left out",
  compared: number,
  options: ScoringOptions,
): Promise<Scores> {
  const rounds: Scores[] = [];
  for (let left = 0; left < compared; left++) {
    const others = pictures.map(({ image, references }) => ({
      image,
      references: references.slice(0, compared).filter((_, i) => i !== left),
    }));
    const own = typeof captions === "string" ? pictures.map(({ references }) => references[left]!) : captions;
    rounds.push((await scoreCorpus(others, own, options)).scores);
  }
  const mean = (of: (round: Scores) => number): number => rounds.reduce((sum, round) => sum + of(round), 0) / compared;
  return mapRecord(rounds[0]!, (_, name) => ({
    value: mean((round) => round[name]!.value),
    low: mean((round) => round[name]!.low),
    high: mean((round) => round[name]!.high),
  }));
}

function mapRecord<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}
