// What raters' pages ask for: their tasks, the pictures, and that an answer be kept. Who made a caption never leaves here.
import type { Context } from "hono";
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import { raterSession, requireRater, saveAnswer, taskPicture } from "../store/studies.ts";
import type { Store } from "../store/store.ts";
import { scalesOf } from "../study/questions.ts";
import type { RaterPage } from "../study/rater-page.ts";
import { bearerToken } from "./access.ts";
import type { Admission } from "./admission.ts";
import { readBody } from "./body.ts";
import { studyAnswer, taskQuery } from "./study-schemas.ts";

/** An answer has a hundred bytes or so. */
const maxAnswerBytes = 4096;

/** The tasks of the rater who asks. */
export function getStudySession(context: Context, store: Store | undefined): Response {
  const { plan, tasks } = raterSession(required(store), raterToken(context));
  const page: RaterPage = {
    kind: plan.kind,
    scales: scalesOf[plan.kind],
    tasks: tasks.map(({ task, answer }) => ({
      captions: task.shown.map(({ caption }) => caption),
      ...(answer && { answer }),
    })),
  };
  context.header("Cache-Control", "no-store");
  return context.json(page);
}

/** The picture of one of their tasks. */
export function getStudyPicture(context: Context, store: Store | undefined): Response {
  const { task } = validated(taskQuery, context.req.query(), "ARGUMENT");
  const { mediaType, bytes } = taskPicture(required(store), raterToken(context), task);
  context.header("Content-Type", mediaType);
  // Another rater's task of the same number has another picture.
  context.header("Cache-Control", "private, max-age=86400");
  context.header("Vary", "Authorization");
  return context.body(Uint8Array.from(bytes));
}

/** Keeps an answer, on disk before this answers. */
export async function saveStudyAnswer(
  context: Context,
  store: Store | undefined,
  admission: Admission,
): Promise<Response> {
  const kept = required(store);
  const token = raterToken(context);
  // Before anything of the body is taken.
  requireRater(kept, token);
  const type = context.req.header("content-type") ?? "";
  if (!/^application\/json\b/i.test(type)) {
    throw new ShowtellError("REQUEST_TYPE", `"${type.slice(0, 100)}" is not taken here: send application/json`);
  }
  const stay = admission.enter(context.req.raw, maxAnswerBytes);
  try {
    const bytes = await readBody(context.req.raw, maxAnswerBytes, stay);
    const { task, answer, ms } = validated(studyAnswer, jsonOf(bytes), "REQUEST_FORMAT");
    return context.json({ answered: saveAnswer(kept, token, { place: task, answer: answer ?? undefined, ms }) });
  } finally {
    stay.leave();
  }
}

function required(store: Store | undefined): Store {
  if (store !== undefined) return store;
  throw new ShowtellError("NOT_FOUND", "no studies are kept here: start the service with --store FOLDER");
}

function raterToken(context: Context): string {
  const token = bearerToken(context);
  if (token !== undefined) return token;
  throw new ShowtellError("UNAUTHORISED", "open the whole link that you were sent: the part behind # says who you are");
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ShowtellError("REQUEST_FORMAT", "the body is not JSON", { cause });
  }
}

function validated<T>(schema: z.ZodType<T>, value: unknown, code: "ARGUMENT" | "REQUEST_FORMAT"): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ShowtellError(code, z.prettifyError(result.error).replaceAll("\n", " "));
}
