// Averages of weights over the steps of a run (Polyak and Juditsky 1992, with an exponential window): often steadier than the weights of any one
// step. Kept beside them under names of their own, so that a checkpoint has both. Knows no optimiser and no graph.
import { tensor } from "../base/tensor.ts";
import { momentNames } from "../nn/adam.ts";
import type { LearnerState } from "./learner.ts";

const prefix = "average.";

/** A state with averages of all weights that learn, which begin as these are; averages that it has already stay. */
export function withAverages(state: LearnerState): LearnerState {
  const learning = Object.entries(state).filter(([name]) => momentNames(name)[0] in state);
  const averages = learning.map(([name, { shape, data }]) => [
    `${prefix}${name}`,
    tensor("float32", shape, data.slice()),
  ]);
  return { ...Object.fromEntries(averages), ...state };
}

/**
 * Moves the averages of a state towards its weights, in place, after a step counted from 1. They keep `decay` of what they were, and in the
 * first steps less, (1 + step) / (10 + step), so that they forget the first weights.
 */
export function updateAverages(state: LearnerState, decay: number, step: number): void {
  const share = 1 - Math.min(decay, (1 + step) / (10 + step));
  for (const [name, { data: average }] of Object.entries(state)) {
    if (!name.startsWith(prefix)) continue;
    const { data } = state[name.slice(prefix.length)]!;
    for (let i = 0; i < average.length; i++) average[i]! += share * (data[i]! - average[i]!);
  }
}

/** The weights that a run is judged by and ends in: their averages, where a state has some. */
export function judgedWeights(state: LearnerState): LearnerState {
  const averages = Object.entries(state).filter(([name]) => name.startsWith(prefix));
  return { ...state, ...Object.fromEntries(averages.map(([name, average]) => [name.slice(prefix.length), average])) };
}
