// What a rater is shown, as it crosses from the service to their page: nothing of it tells who wrote a caption.
import type { Answer, Scale, StudyKind } from "./questions.ts";

/** A task as its rater sees it: one caption, or the left and the right one. */
export interface RaterTask {
  readonly captions: readonly string[];
  readonly answer?: Answer;
}

/** All that a rater's page needs. */
export interface RaterPage {
  readonly kind: StudyKind;
  /** What captions are rated for; none where two are compared. */
  readonly scales: readonly Scale[];
  /** In the order in which they are judged. */
  readonly tasks: readonly RaterTask[];
}
