// A model whose every word is also foretold by what is remembered of the image: the probabilities of both, interpolated (Khandelwal et al. 2020,
// "Generalization through memorization: nearest neighbor language models", equation 3). Knows nothing of where a memory comes from, nor of words.
import { ShowtellError } from "../base/errors.ts";
import type { Step, Stepper } from "./stepper.ts";

/** What is remembered of an image, as a model of the next word. */
export interface WordMemory {
  /**
   * Probabilities of words that may follow a beginning, by id; a word that is missing has none. They sum to 1 at most.
   * @param beginning The last ids of what was said, no more than {@link remembered}; all of it if it is shorter.
   */
  foretell(beginning: readonly number[]): ReadonlyMap<number, number>;
}

/** Words that a memory is told of what was said. */
export const remembered = 3;

/** The model's own state, and the last words of each row. */
export interface InterpolatedState<State> {
  readonly own: State;
  readonly beginnings: readonly (readonly number[])[];
}

/**
 * A stepper over images that are remembered, one memory an image in their order: a word's probability is `1 - share` of the model's and `share` of the
 * memory's.
 * @param share From 0, which leaves the model as it is, to below 1.
 */
export function interpolated<Images, State>(
  stepper: Stepper<Images, State>,
  memories: readonly WordMemory[],
  share: number,
): Stepper<Images, InterpolatedState<State>> {
  const { width } = stepper;
  const withMemories = (
    { state, logProbabilities, ...rest }: Step<State>,
    beginnings: readonly (readonly number[])[],
  ): Step<InterpolatedState<State>> => {
    const group = beginnings.length / memories.length;
    if (!Number.isInteger(group)) {
      throw new ShowtellError(
        "INTERNAL",
        `${beginnings.length} rows are not as many for each of ${memories.length} images`,
      );
    }
    const kept = Math.log(1 - share);
    const mixed = logProbabilities.map((value) => value + kept);
    for (const [row, beginning] of beginnings.entries()) {
      for (const [word, probability] of memories[Math.floor(row / group)]!.foretell(beginning)) {
        const at = row * width + word;
        mixed[at] = Math.log((1 - share) * Math.exp(logProbabilities[at]!) + share * probability);
      }
    }
    return { ...rest, state: { own: state, beginnings }, logProbabilities: mixed };
  };
  return {
    width,
    start: async (images) =>
      withMemories(
        await stepper.start(images),
        memories.map(() => []),
      ),
    async next({ own, beginnings }, parents, words) {
      const longer = Array.from(parents, (parent, row) => [...beginnings[parent]!, words[row]!].slice(-remembered));
      return withMemories(await stepper.next(own, parents, words), longer);
    },
  };
}
