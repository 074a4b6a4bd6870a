// In what order the tokens of a batch stand whose captions differ in length: of each picture a group of captions, the longest first, so that
// at every step only those are computed that still go on. Knows no words and no decoder.
import type { Value } from "../graph/graph.ts";
import { concat, reshape, slice, split } from "../graph/operators/reshaping.ts";
import { numericShape } from "../graph/shapes.ts";

/** Most tokens of each caption of a group, never rising: [14, 12, 10, 9, 8], say. */
export type GroupLengths = readonly number[];

/** The fixed sizes of a batch. */
export interface BatchShape {
  readonly images: number;
  /** The same for every picture. */
  readonly lengths: GroupLengths;
}

/**
 * The tokens of a batch in time (step by step, of each step picture by picture), and picture by picture (of each step by step, of each step the
 * captions that still go on).
 */
export interface TokenOrder extends BatchShape {
  /** Captions a picture. */
  readonly group: number;
  /** images · group. */
  readonly rows: number;
  /** How many of a picture's captions go on at each step. */
  readonly active: readonly number[];
  /** Tokens of a picture. */
  readonly perPicture: number;
  /** images · perPicture. */
  readonly size: number;
  /** The step of each of a picture's tokens, as they lie picture by picture. */
  readonly steps: readonly number[];
  /** The place in its group of each of them. */
  readonly places: readonly number[];
  /** Where a token stands in time. */
  at(this: void, step: number, image: number, place: number): number;
}

/** What words are whose, of one picture: all that reading them at once must know. */
export type SentenceOrder = Pick<TokenOrder, "steps" | "places">;

/** The order of a batch's tokens. */
export function tokenOrder({ images, lengths }: BatchShape): TokenOrder {
  const group = lengths.length;
  const active = Array.from({ length: lengths[0]! }, (_, step) => lengths.filter((length) => length > step).length);
  const before: number[] = [];
  let perPicture = 0;
  for (const going of active) {
    before.push(perPicture);
    perPicture += going;
  }
  return {
    images,
    lengths,
    group,
    rows: images * group,
    active,
    perPicture,
    size: images * perPicture,
    steps: active.flatMap((going, step) => Array<number>(going).fill(step)),
    places: active.flatMap((going) => [...Array(going).keys()]),
    at: (step, image, place) => images * before[step]! + image * active[step]! + place,
  };
}

/** Tokens in time [size, ...rest] → those of each step, [images · active, ...rest]. */
export function inSteps({ images, active }: TokenOrder, tokens: Value): readonly Value[] {
  return split(
    tokens,
    active.map((going) => images * going),
    0,
  );
}

/** Those of each step, [images · active, ...rest], → picture by picture, step by step: [size, ...rest]. */
export function joinSteps({ images, size }: TokenOrder, steps: readonly Value[]): Value {
  const [, ...rest] = numericShape(steps[0]!.shape, "a batch");
  const bySteps = steps.map((step) => {
    const [rows] = numericShape(step.shape, "a batch") as [number];
    return reshape(step, [images, rows / images, ...rest]);
  });
  return reshape(concat(bySteps, 1), [size, ...rest]);
}

/** Tokens in time [size, ...rest] → picture by picture. */
export function pictureByPicture(order: TokenOrder, tokens: Value): Value {
  return joinSteps(order, inSteps(order, tokens));
}

/** What the captions before a step left, [images · more, ...rest], of those that go on at it: [images · going, ...rest]. */
export function stillGoing({ images }: TokenOrder, value: Value, going: number): Value {
  const [rows, ...rest] = numericShape(value.shape, "a batch") as [number, ...number[]];
  if (rows === images * going) return value;
  return reshape(slice(reshape(value, [images, rows / images, ...rest]), 1, 0, going), [images * going, ...rest]);
}
