// Feedback as a data set that training and evaluation read: which of it can be learned, and which picture is in which split. Writes no file.
import { ShowtellError } from "../base/errors.ts";
import type { KeptFeedback } from "./feedback.ts";
import { listFeedback } from "./feedback.ts";
import type { Store } from "./store.ts";

/** A picture of the data set. */
export interface FeedbackRecord {
  /** Its hash in the store. */
  readonly hash: string;
  readonly captions: readonly string[];
  readonly split: "train" | "dev";
}

/** What can be learned of feedback, and how much can't. */
export interface FeedbackDataset {
  readonly records: readonly FeedbackRecord[];
  /** Feedback without a picture: it can be read, not learned. */
  readonly withoutPicture: number;
  /** Feedback that says that a caption is bad, and not what a good one is. */
  readonly withoutCaption: number;
}

/** A picture with the captions that people wrote or found good. */
interface Lesson {
  readonly hash: string;
  readonly captions: readonly string[];
}

/** What somebody says that a good caption is. */
function goodCaption({ edited, thumb, caption }: KeptFeedback): string | undefined {
  const good = edited ?? (thumb === "up" ? caption : "");
  return good === "" ? undefined : good;
}

function lessonsOf(all: readonly KeptFeedback[]): readonly Lesson[] {
  const byPicture = new Map<string, Set<string>>();
  for (const feedback of all) {
    const caption = goodCaption(feedback);
    if (caption === undefined || feedback.picture === undefined) continue;
    const captions = byPicture.get(feedback.picture) ?? new Set();
    byPicture.set(feedback.picture, captions.add(caption));
  }
  return Array.from(byPicture, ([hash, captions]) => ({ hash, captions: [...captions] }));
}

/**
 * The pictures of the dev split. Which one a picture belongs to is decided by its hash, so that it stays on its side when more feedback
 * comes; of two pictures and more one at least is in each.
 */
export function devHashes(hashes: readonly string[], share: number): ReadonlySet<string> {
  const sorted = hashes.toSorted();
  const drawn = sorted.filter((hash) => Number.parseInt(hash.slice(0, 8), 16) < share * 2 ** 32).length;
  const isBoth = share > 0 && sorted.length > 1;
  return new Set(sorted.slice(0, isBoth ? Math.min(Math.max(drawn, 1), sorted.length - 1) : drawn));
}

/**
 * The data set of the feedback that has a picture and a good caption: an edited one, or one with a thumb up.
 * @param devShare Which share of the pictures is for the dev split, about.
 * @throws ShowtellError `DATA_EMPTY` if there is no such feedback, `STORE`.
 */
export function feedbackDataset(store: Store, devShare: number): FeedbackDataset {
  const all = listFeedback(store);
  const lessons = lessonsOf(all);
  const withoutCaption = all.filter((one) => goodCaption(one) === undefined).length;
  const withoutPicture = all.filter((one) => goodCaption(one) !== undefined && one.picture === undefined).length;
  if (lessons.length === 0)
    throw new ShowtellError(
      "DATA_EMPTY",
      `the store in "${store.folder}" has no feedback to learn from: ${withoutPicture} without a picture, ${withoutCaption} without a good caption`,
    );
  const hashes = lessons.map(({ hash }) => hash);
  const dev = devHashes(hashes, devShare);
  const records = lessons.map(({ hash, captions }) => ({
    hash,
    captions,
    split: dev.has(hash) ? ("dev" as const) : ("train" as const),
  }));
  return { records, withoutPicture, withoutCaption };
}
