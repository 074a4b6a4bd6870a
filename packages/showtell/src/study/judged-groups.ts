// What was said of each item by all raters, and its scores, brought together. Computes no statistic.
import type { JudgedItem, Judgments } from "./judgments.ts";
import type { Times } from "../statistics/ranks.ts";

/** Metric scores of the captions of each item, in the items' order. */
export type MetricScores = ReadonlyMap<string, readonly (readonly number[])[]>;

/** An item with what was said of it. */
export interface JudgedGroup {
  readonly item: JudgedItem;
  /** The number of its picture. */
  readonly picture: number;
  /** By scale, each rater's value. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** By metric, the score of each of its captions. */
  readonly scores: Readonly<Record<string, readonly number[]>>;
}

/** All items, and the number of pictures that they are of. */
export interface JudgedGroups {
  readonly groups: readonly JudgedGroup[];
  readonly pictures: number;
}

/** Brings judgments and scores together by item. */
export function judgedGroups({ items, judgments }: Judgments, metrics: MetricScores): JudgedGroups {
  const values = items.map((): Record<string, number[]> => ({}));
  for (const { item, values: own } of judgments) {
    for (const [scale, value] of Object.entries(own)) (values[item]![scale] ??= []).push(value);
  }
  const pictures = new Map<string, number>();
  const groups = items.map((item, i) => {
    const picture = pictures.get(item.image) ?? pictures.size;
    pictures.set(item.image, picture);
    const scores = Object.fromEntries([...metrics].map(([metric, all]) => [metric, all[i]!]));
    return { item, picture, values: values[i]!, scores };
  });
  return { groups, pictures: pictures.size };
}

/** How often each group is in a sample of pictures. */
export function timesOfGroups(groups: readonly JudgedGroup[], pictures: Times): Times {
  const times = new Uint32Array(groups.length);
  for (let i = 0; i < groups.length; i++) times[i] = pictures[groups[i]!.picture]!;
  return times;
}
