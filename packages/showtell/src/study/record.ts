// What is kept of a study, as plain data: its plan, its pictures, its answers. Knows no database.
import type { Task } from "./design.ts";
import type { Answer, StudyKind } from "./questions.ts";

/** A system whose captions are judged. */
export interface StudySystem {
  readonly name: string;
  readonly kind: "model" | "human";
  /** Identity of the model, or of the ensemble. */
  readonly identity?: string;
}

/** What a study is about; raters are told nothing of it but the kind. */
export interface StudyPlan {
  readonly kind: StudyKind;
  readonly systems: readonly StudySystem[];
  readonly data: { readonly name: string; readonly split: string };
  readonly seed: number;
  readonly checks: number;
  /** Name and version of what made it. */
  readonly writer: string;
}

/** A picture that is judged. */
export interface StudyPicture {
  /** Its name in the data set. */
  readonly image: string;
  /** References that are left when a person's caption is taken from them. */
  readonly references: readonly string[];
  /** One of each system. */
  readonly captions: readonly string[];
}

/** A picture's file as raters see it. */
export interface PictureFile {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A study before it is kept. */
export interface StudyDraft {
  readonly plan: StudyPlan;
  readonly pictures: readonly (StudyPicture & { readonly file: PictureFile })[];
  /** The tasks of each rater. */
  readonly tasks: readonly (readonly Task[])[];
}

/** An answer with its task. */
export interface GivenAnswer {
  /** The rater's number in the study, from 0. */
  readonly rater: number;
  readonly task: Task;
  readonly answer: Answer;
  /** Milliseconds between seeing the task and answering. */
  readonly ms: number;
  /** When, as an ISO date. */
  readonly answeredAt: string;
}

/** A whole study as a report reads it. */
export interface StudyRecord {
  readonly id: number;
  /** When it was made, as an ISO date. */
  readonly created: string;
  readonly plan: StudyPlan;
  readonly pictures: readonly StudyPicture[];
  /** Of each rater: how many tasks there are. */
  readonly tasks: readonly number[];
  /** By rater, in the order of the tasks. */
  readonly answers: readonly GivenAnswer[];
}
