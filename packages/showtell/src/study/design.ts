// The design of a study: which captions each rater sees, in which order and on which side. Blind, balanced, and drawn from a seed.
// Knows nothing of pictures' bytes, of answers, or of where a study is kept.
import { ptbTokens } from "caption-metrics";
import type { Random } from "../base/random.ts";
import { seededRandom } from "../base/random.ts";
import type { StudyKind } from "./questions.ts";

/** A picture with what is said of it. */
export interface CaptionedPicture {
  /** What people wrote, without what stands in the study as a person's caption; at least one. */
  readonly references: readonly string[];
  /** One of each system, in the order of the systems. */
  readonly captions: readonly string[];
}

/** Where a shown caption comes from: systems by their numbers, a reference, or (in an attention check) another picture. */
export type Origin =
  | { readonly kind: "systems"; readonly systems: readonly number[] }
  | { readonly kind: "reference" }
  | { readonly kind: "shuffled" };

/** A caption as raters see it. */
export interface ShownCaption {
  readonly caption: string;
  readonly origin: Origin;
}

/** One thing to judge: a picture with one caption, or with two side by side, the left one first. */
export interface Task {
  /** Its picture's number. */
  readonly picture: number;
  readonly shown: readonly ShownCaption[];
}

/** What a design is made of. */
export interface DesignRequest {
  readonly kind: StudyKind;
  readonly pictures: readonly CaptionedPicture[];
  readonly raters: number;
  /** Attention checks of each rater. */
  readonly checks: number;
  readonly seed: number;
}

/** Whether a task is an attention check: one of its captions belongs to another picture. */
export function isCheck({ shown }: Task): boolean {
  return shown.some(({ origin }) => origin.kind === "shuffled");
}

/** Attention checks where their number is not said: a tenth of the tasks, at least one; a single picture has none to borrow from. */
export function usualChecks(kind: StudyKind, pictures: readonly CaptionedPicture[]): number {
  return pictures.length < 2 ? 0 : Math.max(1, Math.round(itemsOf(kind, pictures).length / 10));
}

/**
 * The tasks of each rater. All raters judge all captions, each in an order of their own. Where systems say the same, they are judged
 * together; where two captions would be compared that are the same, nobody is asked. Of two systems each is left as often as right, for every
 * rater: within one, if at least half of their comparisons are of these two alone. From one rater to the next sides are exchanged.
 */
export function designStudy({ kind, pictures, raters, checks, seed }: DesignRequest): readonly (readonly Task[])[] {
  const items = itemsOf(kind, pictures);
  const flips =
    kind === "side-by-side"
      ? balancedFlips(items, pictures[0]?.captions.length ?? 0, seededRandom(seed, "sides"))
      : items.map(() => false);
  const attention = checksOf(kind, pictures, checks, seededRandom(seed, "checks"));
  return Array.from({ length: raters }, (_, rater) => {
    const random = seededRandom(seed, `order ${rater}`);
    const odd = rater % 2 === 1;
    const own = items.map((item, i) => (flips[i] === odd ? item : mirrored(item)));
    const turned = attention.map((check, i) => ((i % 2 === 1) === odd ? check : mirrored(check)));
    return spread(random.shuffle(own), random.shuffle(turned), random);
  });
}

/** What is judged of each picture: its different captions, or pairs of these. */
function itemsOf(kind: StudyKind, pictures: readonly CaptionedPicture[]): Task[] {
  return pictures.flatMap(({ captions }, picture) => {
    const different = differentCaptions(captions);
    if (kind !== "side-by-side") return different.map((one): Task => ({ picture, shown: [one] }));
    return different.flatMap((left, i) =>
      different.slice(i + 1).map((right): Task => ({ picture, shown: [left, right] })),
    );
  });
}

function differentCaptions(captions: readonly string[]): ShownCaption[] {
  const systems = new Map<string, number[]>();
  for (const [system, caption] of captions.entries()) {
    const same = systems.get(caption);
    if (same === undefined) systems.set(caption, [system]);
    else same.push(system);
  }
  return Array.from(systems, ([caption, own]) => ({ caption, origin: { kind: "systems", systems: own } }));
}

/**
 * Which items are turned round, in a drawn order: each as brings the pairs of systems in it nearer to being left as often as right. Items of
 * more pairs come first, since those of one pair can make up for them.
 */
function balancedFlips(items: readonly Task[], systems: number, random: Random): boolean[] {
  const pairs = items.map(pairsOf);
  // How often the row's system is left of the column's, less how often right.
  const lefts = Array.from({ length: systems }, () => new Int32Array(systems));
  const flips = items.map(() => false);
  const drawn = random.shuffle(Array.from(items.keys()));
  for (const item of drawn.sort((a, b) => pairs[b]!.length - pairs[a]!.length)) {
    const lean = pairs[item]!.reduce((sum, [left, right]) => sum + lefts[left]![right]!, 0);
    const flip = lean === 0 ? random.below(2) === 1 : lean > 0;
    flips[item] = flip;
    for (const [left, right] of pairs[item]!) {
      lefts[left]![right]! += flip ? -1 : 1;
      lefts[right]![left]! -= flip ? -1 : 1;
    }
  }
  return flips;
}

/** The pairs of systems that an item compares, the left one first: several where systems say the same. */
function pairsOf({ shown }: Task): readonly (readonly [left: number, right: number])[] {
  const [left, right] = shown.map(({ origin }) => (origin.kind === "systems" ? origin.systems : []));
  return left!.flatMap((one) => right!.map((other) => [one, other] as const));
}

function mirrored(task: Task): Task {
  return { ...task, shown: task.shown.toReversed() };
}

/** Checks on drawn pictures: a caption of another one, beside a reference where two are compared. */
function checksOf(
  kind: StudyKind,
  pictures: readonly CaptionedPicture[],
  count: number,
  random: Random,
): readonly Task[] {
  const order = random.shuffle(Array.from(pictures.keys()));
  return Array.from({ length: count }, (_, i) => {
    const picture = order[i % order.length]!;
    const { references } = pictures[picture]!;
    const wrong: ShownCaption = { caption: strangestCaption(picture, pictures, random), origin: { kind: "shuffled" } };
    if (kind !== "side-by-side") return { picture, shown: [wrong] };
    const right: ShownCaption = {
      caption: references[random.below(references.length)]!,
      origin: { kind: "reference" },
    };
    return { picture, shown: [right, wrong] };
  });
}

/** So many captions of other pictures are looked at for one that does not fit. */
const looked = 50;

/** A caption of another picture that has the fewest words in common with those of this one. */
function strangestCaption(picture: number, pictures: readonly CaptionedPicture[], random: Random): string {
  const { references, captions } = pictures[picture]!;
  const known = new Set([...references, ...captions].flatMap(ptbTokens));
  const others = random.shuffle(pictures.flatMap((other, i) => (i === picture ? [] : other.references)));
  const common = (caption: string): number => {
    const words = ptbTokens(caption);
    return words.filter((word) => known.has(word)).length / Math.max(1, words.length);
  };
  return others.slice(0, looked).reduce((best, one) => (common(one) < common(best) ? one : best));
}

/** Puts a check at a drawn place of each of as many equal parts of the tasks as there are checks; none stands first. */
function spread(tasks: readonly Task[], checks: readonly Task[], random: Random): readonly Task[] {
  const size = tasks.length / Math.max(1, checks.length);
  const parts = checks.map((check, i) => {
    const part = tasks.slice(Math.round(i * size), Math.round((i + 1) * size));
    const place = Math.min(part.length, 1 + random.below(Math.max(1, part.length)));
    return [...part.slice(0, place), check, ...part.slice(place)];
  });
  return checks.length === 0 ? tasks : parts.flat();
}
