// The operations of the service as data: method, path, what they take and give. The app and the OpenAPI document are made of this table.
import type { z } from "zod";
import type { ErrorCode } from "../base/errors.ts";
import { feedbackForm, savedFeedback } from "./feedback-schemas.ts";
import { raterSession, savedAnswer, studyAnswer, taskQuery } from "./study-schemas.ts";
import { captionAnswer, captionForm, captionJson, captionQuery, health, modelList } from "./schemas.ts";
import { runList, runRecord } from "./run-schemas.ts";

/** An operation, without what it does. */
export interface Operation {
  readonly method: "get" | "post";
  /** As OpenAPI writes it: parts in braces are names. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** Whether it asks for the token, where there is one. */
  readonly guarded: boolean;
  /** Whether it asks for a rater's own token instead. */
  readonly forRaters?: true;
  readonly query?: z.ZodType;
  /** What its body may be, by content type; undefined: any bytes. */
  readonly body?: Readonly<Record<string, z.ZodType | undefined>>;
  /** What it answers if all is well, by content type; text is not described further. */
  readonly answer: Readonly<Record<string, z.ZodType | undefined>>;
  /** The codes that it may be refused with, besides those of any request. */
  readonly refusals: readonly ErrorCode[];
}

const captionNotes = `The body is a form, JSON, or the bytes of one picture; its content decides what it is, not its name. Formats: JPEG, PNG,
WebP, GIF and TIFF (first frame), AVIF.

A picture that can't be captioned has an error in its place. If none could be, the status is that of the first one's error.

With "Accept: text/event-stream" the answer is a stream of events, whose data are described under StartEvent, PartialEvent (as words
come and settle), ResultEvent (for each picture) and at last CaptionAnswer for "done", or Refusal for "error".`;

/** What any request with a body may be refused with. */
const ofBodies = [
  "ARGUMENT",
  "REQUEST_FORMAT",
  "REQUEST_TYPE",
  "REQUEST_TOO_LARGE",
  "BUSY",
  "DEADLINE",
  "SHUTTING_DOWN",
] as const;

/** What a picture may be refused with. */
const ofPictures = ["IMAGE_EMPTY", "IMAGE_FORMAT", "IMAGE_DECODE", "IMAGE_TOO_LARGE"] as const;

/** An operation's path as the app's routes write it. */
export function routeOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

/** The name of an operation. */
export type OperationId =
  | "createCaptions"
  | "listModels"
  | "listRuns"
  | "getRun"
  | "saveFeedback"
  | "getStudySession"
  | "getStudyPicture"
  | "saveStudyAnswer"
  | "getHealth"
  | "getReadiness"
  | "getMetrics"
  | "getSpecification"
  | "getDocumentation";

/** Every operation. */
export const operations: Readonly<Record<OperationId, Operation>> = {
  createCaptions: {
    method: "post",
    path: "/v1/captions",
    summary: "Caption pictures",
    description: captionNotes,
    guarded: true,
    query: captionQuery,
    body: {
      "multipart/form-data": captionForm,
      "application/json": captionJson,
      "application/octet-stream": undefined,
      "image/*": undefined,
    },
    answer: { "application/json": captionAnswer, "text/event-stream": undefined },
    refusals: [
      ...ofBodies,
      ...ofPictures,
      "WORD_UNKNOWN",
      "REFERENCES_MISSING",
      "CALIBRATION_MISSING",
      "URL_REFUSED",
      "URL_FETCH",
    ],
  },
  listModels: {
    method: "get",
    path: "/v1/models",
    summary: "The models that caption here",
    guarded: true,
    answer: { "application/json": modelList },
    refusals: [],
  },
  listRuns: {
    method: "get",
    path: "/v1/runs",
    summary: "Training runs, the one that was written to last first",
    description: "Only where the service was started with --runs.",
    guarded: true,
    answer: { "application/json": runList },
    refusals: ["NOT_FOUND"],
  },
  getRun: {
    method: "get",
    path: "/v1/runs/{run}",
    summary: "A training run with its history and newest samples",
    description: "Ask again for more while it runs. Only where the service was started with --runs.",
    guarded: true,
    answer: { "application/json": runRecord },
    refusals: ["NOT_FOUND"],
  },
  saveFeedback: {
    method: "post",
    path: "/v1/feedback",
    summary: "Keep what somebody thinks of a caption",
    description: `Only where the service was started with a store. It is on disk before this answers; sent again with the same key, it takes
the place of what was sent before, with or without the picture. The picture is kept only with consent.`,
    guarded: true,
    body: { "multipart/form-data": feedbackForm },
    answer: { "application/json": savedFeedback },
    refusals: [...ofBodies, "NOT_FOUND", ...ofPictures],
  },
  getStudySession: {
    method: "get",
    path: "/v1/studies/session",
    summary: "What a rater is to judge, and what they have said",
    description: "The rater is who has the token of a link that `showtell study create` printed.",
    guarded: false,
    forRaters: true,
    answer: { "application/json": raterSession },
    refusals: ["NOT_FOUND"],
  },
  getStudyPicture: {
    method: "get",
    path: "/v1/studies/picture",
    summary: "The picture of a rater's task",
    guarded: false,
    forRaters: true,
    query: taskQuery,
    answer: { "image/webp": undefined },
    refusals: ["NOT_FOUND", "ARGUMENT"],
  },
  saveStudyAnswer: {
    method: "post",
    path: "/v1/studies/answers",
    summary: "Keep a rater's answer, or take it back",
    description:
      "It is on disk before this answers. It stands in place of what the rater said of the task before, so sending it again changes nothing.",
    guarded: false,
    forRaters: true,
    body: { "application/json": studyAnswer },
    answer: { "application/json": savedAnswer },
    refusals: [...ofBodies, "NOT_FOUND"],
  },
  getHealth: {
    method: "get",
    path: "/healthz",
    summary: "Whether the service lives",
    guarded: false,
    answer: { "application/json": health },
    refusals: [],
  },
  getReadiness: {
    method: "get",
    path: "/readyz",
    summary: "Whether the service takes requests",
    description: "Status 503 while it is being stopped or its captioner fails.",
    guarded: false,
    answer: { "application/json": health },
    refusals: [],
  },
  getMetrics: {
    method: "get",
    path: "/metrics",
    summary: "Counts and times for Prometheus",
    guarded: true,
    answer: { "text/plain": undefined },
    refusals: [],
  },
  getSpecification: {
    method: "get",
    path: "/openapi.json",
    summary: "This description",
    guarded: false,
    answer: { "application/json": undefined },
    refusals: [],
  },
  getDocumentation: {
    method: "get",
    path: "/docs",
    summary: "This description, for people",
    guarded: false,
    answer: { "text/html": undefined },
    refusals: [],
  },
};
