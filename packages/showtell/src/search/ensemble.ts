// An ensemble: several steppers as one, by the mean of their probabilities. Knows nothing of ONNX, images or words.
import { ShowtellError } from "../base/errors.ts";
import type { Step, Stepper } from "./stepper.ts";

/**
 * A stepper of steppers. Its `start` takes what each member is to look at, in the order of the members; a word's probability is the
 * arithmetic mean of the members' (so a single member is itself, bit for bit).
 * @throws ShowtellError `ARGUMENT` if there is no member, or the members' widths differ.
 */
export function ensembleOf<Images, State>(
  members: readonly Stepper<Images, State>[],
): Stepper<readonly Images[], readonly State[]> {
  const width = members[0]?.width;
  if (width === undefined) throw new ShowtellError("ARGUMENT", "an ensemble of no members: name one at least");
  const other = members.findIndex((member) => member.width !== width);
  if (other >= 0) {
    throw new ShowtellError(
      "ARGUMENT",
      `member ${other + 1} of an ensemble has ${members[other]!.width} columns, the first ${width}: they need one vocabulary`,
    );
  }
  return {
    width,
    start: async (images) => averaged(await Promise.all(members.map((member, i) => member.start(images[i]!)))),
    next: async (states, parents, words) =>
      averaged(await Promise.all(members.map((member, i) => member.next(states[i]!, parents, words)))),
  };
}

/** Each member of an ensemble as a stepper of its own, which takes what the ensemble takes and looks at its own part of it. */
export function membersOf<Images, State>(
  members: readonly Stepper<Images, State>[],
): readonly Stepper<readonly Images[], State>[] {
  return members.map((member, i) => ({
    width: member.width,
    start: (images) => member.start(images[i]!),
    next: (state, parents, words) => member.next(state, parents, words),
  }));
}

function averaged<State>(steps: readonly Step<State>[]): Step<readonly State[]> {
  return {
    state: steps.map(({ state }) => state),
    logProbabilities: logMeanExp(steps.map(({ logProbabilities }) => logProbabilities)),
    ...attentionOf(steps),
  };
}

/** The mean of the members' attention, where all have some, and over as many places. */
function attentionOf(steps: readonly Step<unknown>[]): Pick<Step<unknown>, "attention"> {
  const [first, ...others] = steps.map(({ attention }) => attention);
  if (first === undefined || others.some((other) => other?.length !== first.length)) return {};
  if (others.length === 0) return { attention: first };
  const mean = (_: number, i: number): number =>
    others.reduce((sum, other) => sum + other![i]!, first[i]!) / steps.length;
  return { attention: first.map(mean) };
}

/** log of the mean of exp, element by element, relative to the largest, so that no probability is too small to count. */
function logMeanExp(values: readonly Float32Array[]): Float32Array {
  const [first, ...others] = values;
  if (others.length === 0) return first!;
  const mean = new Float32Array(first!.length);
  for (let i = 0; i < mean.length; i++) {
    let highest = first![i]!;
    for (const other of others) highest = Math.max(highest, other[i]!);
    // Impossible to every member, which the sum would make a NaN of.
    if (highest === -Infinity) {
      mean[i] = -Infinity;
      continue;
    }
    let sum = 0;
    for (const each of values) sum += Math.exp(each[i]! - highest);
    mean[i] = highest + Math.log(sum / values.length);
  }
  return mean;
}
