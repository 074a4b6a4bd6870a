// Word-level distillation (Kim and Rush 2016, after Hinton et al. 2015): what a teacher holds likely at each token of the true captions, given the
// true words before. Keeps the likeliest words only.
import type { CancelSignal } from "../base/cancel.ts";
import { defaultAlpha } from "../search/hypothesis.ts";
import { followPaths } from "../search/paths.ts";
import { emptySelection, offerContinuations } from "../search/selection.ts";
import type { Stepper } from "../search/stepper.ts";
import { endId } from "../text/vocabulary.ts";
import type { Group } from "./batches.ts";
import { targetsOf } from "./batches.ts";

/** A teacher's distribution at each token of a caption, its end among them: `[tokens, width]`, likeliest first. */
export interface SoftTargets {
  readonly ids: Int32Array;
  /** They sum to 1 at each token. */
  readonly probabilities: Float32Array;
}

/** How much of the loss follows a teacher's distributions, and how many words of each are kept. */
export interface WordDistillation {
  readonly share: number;
  readonly width: number;
}

/** How {@link softTargetsOf} looks at captions. */
export interface SoftTargetOptions {
  /** Words of the vocabulary, which the teacher shares. */
  readonly words: number;
  readonly maximumWords: number;
  readonly width: number;
  readonly signal?: CancelSignal | undefined;
}

/** The groups with soft targets for each of their captions; `images` is what the stepper takes for their pictures. */
export async function softTargetsOf<Images, State>(
  stepper: Stepper<Images, State>,
  images: Images,
  groups: readonly Group[],
  { words, maximumWords, width, signal }: SoftTargetOptions,
): Promise<readonly Group[]> {
  const taught = groups.map((group) =>
    group.map((example) => {
      const targets = targetsOf(example, maximumWords);
      const size = targets.length * width;
      return { example, targets, soft: { ids: new Int32Array(size), probabilities: new Float32Array(size) } };
    }),
  );
  const none = new Uint8Array(words);
  await followPaths(stepper, { end: endId, never: [], words, maximumLength: maximumWords + 1 }, images, {
    group: Math.max(...groups.map((group) => group.length)),
    alpha: defaultAlpha,
    signal,
    choose({ image, path, step, logProbabilities, offset }) {
      const own = taught[image]![path];
      const target = own?.targets[step];
      // A caption that was cut has no end to learn, and a group with fewer captions than others has nothing here.
      if (own === undefined || target === undefined) return endId;
      const likeliest = emptySelection(width);
      offerContinuations(likeliest, 0, 0, logProbabilities, offset, none);
      const chances = likeliest.totals.subarray(0, likeliest.size).map((each) => Math.exp(each));
      const sum = chances.reduce((total, each) => total + each, 0);
      own.soft.ids.set(likeliest.words, step * width);
      own.soft.probabilities.set(
        chances.map((each) => each / sum),
        step * width,
      );
      return target;
    },
  });
  return taught.map((group) => group.map(({ example, soft }) => ({ ...example, soft })));
}
