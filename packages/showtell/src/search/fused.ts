// A model whose words are also ranked by what is remembered of the image: shallow fusion (Gülçehre et al. 2015, "On using monolingual corpora in
// neural machine translation", section 4.1). Knows nothing of where a memory comes from, nor of words.
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

/** What is added to a memory's probabilities below 1, so that none is impossible. */
const floor = 0.001;

/** The model's own state, and the last words of each row. */
interface FusedState<State> {
  readonly own: State;
  readonly beginnings: readonly (readonly number[])[];
}

/**
 * A stepper over images that are remembered, one memory an image in their order. What it gives ranks words and is no distribution: the model's
 * log-probability and `weight` times the memory's.
 * @param weight From 0, which leaves the model as it is.
 */
export function fused<Images, State>(
  stepper: Stepper<Images, State>,
  memories: readonly WordMemory[],
  weight: number,
): Stepper<Images, FusedState<State>> {
  const { width } = stepper;
  const unforetold = weight * Math.log(floor);
  const withMemories = (
    { state, logProbabilities, ...rest }: Step<State>,
    beginnings: readonly (readonly number[])[],
  ): Step<FusedState<State>> => {
    const group = beginnings.length / memories.length;
    if (!Number.isInteger(group)) {
      const rows = `${beginnings.length} rows are not as many for each`;
      throw new ShowtellError("INTERNAL", `${rows} of ${memories.length} images that are remembered`);
    }
    // A loop, for a typed array's map takes ten times as long.
    const ranking = new Float32Array(logProbabilities.length);
    for (let i = 0; i < ranking.length; i++) ranking[i] = logProbabilities[i]! + unforetold;
    for (const [row, beginning] of beginnings.entries()) {
      for (const [word, probability] of memories[Math.floor(row / group)]!.foretell(beginning)) {
        const at = row * width + word;
        ranking[at] = logProbabilities[at]! + weight * Math.log(Math.min(1, probability + floor));
      }
    }
    return { ...rest, state: { own: state, beginnings }, logProbabilities: ranking };
  };
  return {
    width,
    async start(images) {
      const begun = memories.map(() => []);
      return withMemories(await stepper.start(images), begun);
    },
    async next({ own, beginnings }, parents, words) {
      const longer = Array.from(parents, (parent, row) => [...beginnings[parent]!, words[row]!].slice(-remembered));
      return withMemories(await stepper.next(own, parents, words), longer);
    },
  };
}
