// Feedback in the store: what people think of captions, one entry a caption that was shown, its picture only if it was given. Asks nobody
// and shows nothing.
import { sha256Hex } from "../base/bytes.ts";
import type { SqlRow, Store } from "./store.ts";

/** Whether a caption is good. */
export type Thumb = "up" | "down";

/** A picture's file as it was given. */
export interface FeedbackPicture {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What somebody thinks of a caption. */
export interface Feedback {
  /** Drawn by who gives it; feedback with the same key takes the place of what was given before. */
  readonly key: string;
  /** Identity of the model that captioned. */
  readonly model: string;
  /** What it said. */
  readonly caption: string;
  readonly thumb?: Thumb | undefined;
  /** What it should have said. */
  readonly edited?: string | undefined;
}

/** Feedback as it is kept. */
export interface KeptFeedback extends Feedback {
  readonly id: number;
  /** When it was given, or changed the last time, as an ISO date. */
  readonly changedAt: string;
  /** SHA-256 of its picture's file, if that was given. */
  readonly picture?: string;
}

/** Keeps feedback, on disk when this returns, and gives its number. A picture that no feedback has any more is gone. @throws ShowtellError `STORE`. */
export function saveFeedback(store: Store, feedback: Feedback, picture?: FeedbackPicture): number {
  const { key, model, caption, thumb = null, edited = null } = feedback;
  return store.transaction(() => {
    const hash = picture === undefined ? null : keepPicture(store, picture);
    const [row] = store.rows(
      `INSERT INTO feedback (key, changed_at, model, caption, thumb, edited, picture) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET changed_at = excluded.changed_at, model = excluded.model, caption = excluded.caption,
         thumb = excluded.thumb, edited = excluded.edited, picture = excluded.picture
       RETURNING id`,
      key,
      new Date().toISOString(),
      model,
      caption,
      thumb,
      edited,
      hash,
    );
    dropOrphans(store);
    return Number(row!["id"]);
  });
}

/** Takes feedback back, with its picture unless other feedback has the same; false if there is none of this number. @throws ShowtellError `STORE`. */
export function removeFeedback(store: Store, id: number): boolean {
  return store.transaction(() => {
    const removed = store.run("DELETE FROM feedback WHERE id = ?", id);
    dropOrphans(store);
    return removed > 0;
  });
}

/** All feedback, in the order in which it was first given. @throws ShowtellError `STORE`. */
export function listFeedback(store: Store): readonly KeptFeedback[] {
  return store
    .rows("SELECT id, key, changed_at, model, caption, thumb, edited, picture FROM feedback ORDER BY id")
    .map(feedbackOf);
}

/** A picture that was given. @throws ShowtellError `STORE`. */
export function feedbackPicture(store: Store, hash: string): FeedbackPicture | undefined {
  const [row] = store.rows("SELECT media_type, bytes FROM feedback_picture WHERE hash = ?", hash);
  return row && { mediaType: String(row["media_type"]), bytes: row["bytes"] as Uint8Array };
}

function keepPicture(store: Store, { mediaType, bytes }: FeedbackPicture): string {
  const hash = sha256Hex(bytes);
  store.run(
    "INSERT INTO feedback_picture (hash, media_type, bytes) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    hash,
    mediaType,
    bytes,
  );
  return hash;
}

function dropOrphans(store: Store): void {
  store.run(
    "DELETE FROM feedback_picture WHERE NOT EXISTS (SELECT 1 FROM feedback WHERE feedback.picture = feedback_picture.hash)",
  );
}

function feedbackOf(row: SqlRow): KeptFeedback {
  const { thumb, edited, picture } = row;
  return {
    id: Number(row["id"]),
    key: String(row["key"]),
    changedAt: String(row["changed_at"]),
    model: String(row["model"]),
    caption: String(row["caption"]),
    ...(thumb !== null && { thumb: thumb as Thumb }),
    ...(edited !== null && { edited: String(edited) }),
    ...(picture !== null && { picture: String(picture) }),
  };
}
