// Judgments as numbers, whether of a study of ours or made elsewhere: what was judged, by whom, and how. Computes no statistic.
import { isCheck } from "./design.ts";
import type { GivenAnswer, StudyRecord } from "./record.ts";
import type { StudyKind } from "./questions.ts";
import { scalesOf } from "./questions.ts";

/** A caption with the systems that said it; none are known of captions from elsewhere that name none. */
export interface JudgedCaption {
  readonly caption: string;
  readonly systems: readonly string[];
}

/** What raters judge, once for all of them: a caption of a picture, or two, in one order for all. */
export interface JudgedItem {
  readonly image: string;
  readonly captions: readonly JudgedCaption[];
}

/** A judgment. */
export interface Judgment {
  /** The item's number. */
  readonly item: number;
  /** Undefined where nobody knows who judged. */
  readonly rater?: string;
  /** By the scale's name; `preference` is 1 for the first caption, −1 for the second, 0 for neither. */
  readonly values: Readonly<Record<string, number>>;
}

/** How a rater did besides. */
export interface RaterRecord {
  readonly rater: string;
  readonly checks: number;
  readonly checksPassed: number;
  /** Milliseconds for a task, the median; undefined where times are not known. */
  readonly medianMs?: number;
  /** Tasks that are not answered. */
  readonly open: number;
}

/** All that a report is made of, but metrics. */
export interface Judgments {
  /** "ratings" were made elsewhere, on a scale that they tell. */
  readonly kind: StudyKind | "ratings";
  /** Names of the scales; `preference` where two captions were compared. */
  readonly scales: readonly string[];
  readonly systems: readonly string[];
  readonly pictures: readonly { readonly image: string; readonly references: readonly string[] }[];
  readonly items: readonly JudgedItem[];
  readonly judgments: readonly Judgment[];
  readonly raters: readonly RaterRecord[];
  /** Pairs of systems that said the same of a picture, so that nobody was asked. */
  readonly same: number;
}

/** The name of the values of comparisons. */
export const preference = "preference";

/** Ratings up to this show that a caption was seen not to belong to its picture. */
const wrongAtMost = 2;

/** The judgments of a study of ours; attention checks are counted apart. */
export function judgmentsOf(record: StudyRecord): Judgments {
  const { plan, pictures, answers, tasks } = record;
  const names = plan.systems.map(({ name }) => name);
  const items: JudgedItem[] = [];
  const places = new Map<string, number>();
  const judgments: Judgment[] = [];
  for (const answer of answers) {
    if (isCheck(answer.task)) continue;
    const { item, swapped } = itemOf(answer, pictures[answer.task.picture]!.image, names);
    const key = JSON.stringify(item);
    if (!places.has(key)) {
      places.set(key, items.length);
      items.push(item);
    }
    judgments.push({ item: places.get(key)!, rater: nameOf(answer.rater), values: valuesOf(answer, swapped) });
  }
  const raters = tasks.map((count, rater) =>
    raterRecord(
      rater,
      count,
      answers.filter((answer) => answer.rater === rater),
    ),
  );
  const scales = plan.kind === "side-by-side" ? [preference] : scalesOf[plan.kind].map(({ name }) => name);
  const same = plan.kind === "side-by-side" ? samePairs(record) : 0;
  return { kind: plan.kind, scales, systems: names, pictures, items, judgments, raters, same };
}

function nameOf(rater: number): string {
  return `rater ${rater + 1}`;
}

/** The item of a task; two captions stand in the order of their systems, on whichever side they were. */
function itemOf(
  { task }: GivenAnswer,
  image: string,
  names: readonly string[],
): { readonly item: JudgedItem; readonly swapped: boolean } {
  const shown = task.shown.map(({ caption, origin }) => ({
    caption,
    numbers: origin.kind === "systems" ? origin.systems : [],
  }));
  const ordered = [...shown].sort((a, b) => (a.numbers[0] ?? 0) - (b.numbers[0] ?? 0));
  const captions = ordered.map(({ caption, numbers }) => ({ caption, systems: numbers.map((i) => names[i]!) }));
  return { item: { image, captions }, swapped: ordered[0] !== shown[0] };
}

function valuesOf({ answer }: GivenAnswer, swapped: boolean): Readonly<Record<string, number>> {
  if (answer.kind === "ratings") return answer.ratings;
  const left = swapped ? -1 : 1;
  return { [preference]: { left, right: -left, tie: 0 }[answer.choice] };
}

function raterRecord(rater: number, tasks: number, own: readonly GivenAnswer[]): RaterRecord {
  const checks = own.filter(({ task }) => isCheck(task));
  const times = own.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    rater: nameOf(rater),
    checks: checks.length,
    checksPassed: checks.filter(passed).length,
    ...(times.length > 0 && { medianMs: times[Math.floor(times.length / 2)]! }),
    open: tasks - own.length,
  };
}

/** Whether the caption of another picture was found: it is the worse one, or rated low for what it says. */
function passed({ task, answer }: GivenAnswer): boolean {
  if (answer.kind === "ratings") return (answer.ratings["adequacy"] ?? answer.ratings["score"]!) <= wrongAtMost;
  const side = answer.choice === "tie" ? undefined : task.shown[answer.choice === "left" ? 0 : 1];
  return side?.origin.kind === "reference";
}

function samePairs({ pictures }: StudyRecord): number {
  let same = 0;
  for (const { captions } of pictures) {
    for (const [i, one] of captions.entries()) same += captions.slice(i + 1).filter((other) => other === one).length;
  }
  return same;
}
