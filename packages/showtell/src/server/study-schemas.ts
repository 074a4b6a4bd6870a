// The shapes of what raters' pages are given and send: they validate, and the OpenAPI document is made of them.
import { z } from "zod";
import type { Answer } from "../study/questions.ts";
import { studyKinds } from "../study/questions.ts";
import type { RaterPage } from "../study/rater-page.ts";
import { named } from "./schemas.ts";

const answer: z.ZodType<Answer> = named(
  "StudyAnswer",
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("choice"), choice: z.enum(["left", "right", "tie"]).describe("The better one.") }),
    z.strictObject({
      kind: z.literal("ratings"),
      ratings: z.record(z.string().max(40), z.int().min(1).max(100)).describe("A value for each scale of the study."),
    }),
  ]),
);

const place = z.int().min(0).max(1e6).describe("The task's number, from 0.");

/** The rater's session. */
export const raterSession: z.ZodType<RaterPage> = named(
  "RaterSession",
  z.object({
    kind: z.enum(studyKinds),
    scales: z
      .array(
        z.object({
          name: z.string(),
          question: z.string(),
          points: z.array(z.object({ value: z.int(), label: z.string() })),
        }),
      )
      .describe("What captions are rated for; none where two are compared."),
    tasks: z
      .array(z.object({ captions: z.array(z.string()), answer: z.exactOptional(answer) }))
      .describe("In the order in which they are to be judged; two captions are the left and the right one."),
  }),
);

/** What the picture of a task is asked for by. */
export const taskQuery: z.ZodType<{ readonly task: number }> = z.strictObject({
  task: z.coerce.number().pipe(place).meta({ type: "integer" }),
});

/** An answer as it is sent. */
export const studyAnswer: z.ZodType<{ readonly task: number; readonly answer: Answer | null; readonly ms: number }> =
  named(
    "StudyAnswerRequest",
    z.strictObject({
      task: place,
      answer: answer.nullable().describe("null takes the answer back."),
      ms: z.number().min(0).max(1e9).describe("Milliseconds between seeing the task and answering."),
    }),
  );

/** What is answered to that. */
export const savedAnswer: z.ZodType<{ readonly answered: number }> = named(
  "SavedAnswer",
  z.object({ answered: z.int().describe("How many of the rater's tasks have an answer now.") }),
);
