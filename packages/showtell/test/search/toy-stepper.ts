// A stepper whose log-probabilities depend on image and whole prefix, drawn from a seed; it also holds searches to the stepper's contract.
import { seededRandom } from "../../src/base/random.ts";
import type { Step, Stepper } from "../../src/search/stepper.ts";
import type { SearchTask } from "../../src/search/task.ts";

/** The next word's log-probabilities, `[width]`, given an image and the words so far. */
export type Table = (image: string, prefix: readonly number[]) => readonly number[];

interface ToyState {
  readonly rows: readonly { readonly image: string; readonly prefix: readonly number[] }[];
  readonly images: number;
}

/** A stepper over named images; columns beyond `words` hold log-probability 0, better than any word, as bait. */
export function toyStepper(
  words: number,
  table: Table,
  padding = 3,
): Stepper<readonly string[], ToyState> & { steps: number } {
  const width = words + padding;
  const answer = (state: ToyState): Step<ToyState> => {
    const logProbabilities = new Float32Array(state.rows.length * width);
    for (const [row, { image, prefix }] of state.rows.entries()) {
      logProbabilities.set(table(image, prefix), row * width);
    }
    return { state, logProbabilities };
  };
  const toy = {
    width,
    steps: 0,
    start: async (images: readonly string[]) => {
      toy.steps++;
      return answer({ rows: images.map((image) => ({ image, prefix: [] })), images: images.length });
    },
    next: async (state: ToyState, parents: Int32Array, next: Int32Array) => {
      toy.steps++;
      await Promise.resolve();
      const group = parents.length / state.images;
      if (!Number.isInteger(group) || parents.length !== next.length) throw new Error("rows are not images × group");
      const rows = Array.from(parents, (parent, row) => {
        const image = Math.floor(row / group);
        const parentImage = Math.floor(parent / (state.rows.length / state.images));
        const from = state.rows[parent];
        if (from === undefined || parentImage !== image)
          throw new Error(`parent ${parent} is no row of image ${image}`);
        if (next[row]! < 0 || next[row]! >= words) throw new Error(`word ${next[row]} is not in the vocabulary`);
        return { image: from.image, prefix: [...from.prefix, next[row]!] };
      });
      return answer({ rows, images: state.images });
    },
  };
  return toy;
}

/** Normalised log-probabilities drawn from a seed, other ones for each image and prefix; `sharpness` is the logits' spread. */
export function randomTable(words: number, seed: number, sharpness = 2): Table {
  return (image, prefix) => {
    const random = seededRandom(seed, `${image}:${prefix.join(",")}`);
    return logSoftmax(Array.from({ length: words }, () => sharpness * random.normal()));
  };
}

/** Rounded to float32, as a stepper gives them. */
export function logSoftmax(logits: readonly number[]): number[] {
  const highest = Math.max(...logits);
  const logSum = highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  return logits.map((logit) => Math.fround(logit - logSum));
}

/** Log-probability of each token of a sentence. */
export function rescore(table: Table, image: string, tokens: readonly number[]): number[] {
  return tokens.map((token, i) => table(image, tokens.slice(0, i))[token]!);
}

/** Every sentence that ends within `maximumLength` tokens, without its end token. */
export function* allSentences(
  { words, end, never, maximumLength }: SearchTask,
  prefix: readonly number[] = [],
): Generator<readonly number[]> {
  yield prefix;
  if (prefix.length + 1 === maximumLength) return;
  for (let word = 0; word < words; word++) {
    if (word !== end && !never.includes(word))
      yield* allSentences({ words, end, never, maximumLength }, [...prefix, word]);
  }
}

/** Task of the tests: ids 0 padding, 1 start, 2 end, 3 unknown, 4 … real words. */
export function toyTask(realWords: number, maximumLength: number): SearchTask {
  return { end: 2, never: [0, 1, 3], words: 4 + realWords, maximumLength };
}
