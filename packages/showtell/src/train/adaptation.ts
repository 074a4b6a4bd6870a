// What learning on has done to a model: its scores before and after, on what it is to learn and on what it must not forget. Scores nothing.
import { ShowtellError } from "../base/errors.ts";
import type { CaptionQuality } from "../evaluate/caption-quality.ts";

/** Scores of the model before and after on some pictures; both captioned with the same search. */
export interface ScoredBoth {
  /** The data set's name; its dev split was captioned. */
  readonly data: string;
  readonly pictures: number;
  readonly before: CaptionQuality;
  readonly after: CaptionQuality;
}

/** A model held against the one that it went on from. */
export interface Adaptation {
  /** Identities of the decoders. */
  readonly before: string;
  readonly after: string;
  /** Words that were added to the vocabulary. */
  readonly addedWords: readonly string[];
  /** On the dev split of the data that it learned. */
  readonly learned: ScoredBoth;
  /** On the dev split of the data that the model before had learned, where that is at hand. */
  readonly remembered?: ScoredBoth & {
    /** How much CIDEr it lost there, as a fraction; below 0 if it gained. */
    readonly forgotten: number;
    /** How much it may lose. */
    readonly mostForgotten: number;
    readonly accepted: boolean;
  };
}

/** Judges what was forgotten. */
export function rememberedOf(scores: ScoredBoth, mostForgotten: number): NonNullable<Adaptation["remembered"]> {
  const forgotten = scores.before.CIDEr - scores.after.CIDEr;
  return { ...scores, forgotten, mostForgotten, accepted: forgotten <= mostForgotten };
}

/** Refuses a model that forgot too much. @throws ShowtellError `FORGOTTEN`. */
export function requireAccepted(adaptation: Adaptation | undefined, path: string): void {
  const { remembered } = adaptation ?? {};
  if (remembered === undefined || remembered.accepted) return;
  const { data, forgotten, mostForgotten } = remembered;
  throw new ShowtellError(
    "FORGOTTEN",
    `the model lost ${(100 * forgotten).toFixed(1)} CIDEr on the dev split of "${data}", and may lose ${(100 * mostForgotten).toFixed(1)}: ` +
      `it is kept as "${path}"; train again with a larger --old-share, a lower --learning-rate or fewer --epochs, or allow more with --most-forgotten`,
  );
}
