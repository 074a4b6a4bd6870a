// What stands as JSON in the tables of studies, as schemas: read once, here. Knows no SQL.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { Task } from "../study/design.ts";
import type { Answer } from "../study/questions.ts";
import { studyKinds } from "../study/questions.ts";
import type { StudyPlan } from "../study/record.ts";

const systems = z.array(z.int().min(0));

/** The column `design` of a study. */
export const planColumn: z.ZodType<StudyPlan> = z.object({
  kind: z.enum(studyKinds),
  systems: z.array(
    z.object({ name: z.string(), kind: z.enum(["model", "human"]), identity: z.exactOptional(z.string()) }),
  ),
  data: z.object({ name: z.string(), split: z.string() }),
  seed: z.int(),
  checks: z.int(),
  writer: z.string(),
});

/** The columns `refs` and `captions` of a picture. */
export const textsColumn: z.ZodType<readonly string[]> = z.array(z.string());

/** The column `task`. */
export const taskColumn: z.ZodType<Task> = z.object({
  picture: z.int().min(0),
  shown: z.array(
    z.object({
      caption: z.string(),
      origin: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("systems"), systems }),
        z.object({ kind: z.literal("reference") }),
        z.object({ kind: z.literal("shuffled") }),
      ]),
    }),
  ),
});

/** The column `answer`. */
export const answerColumn: z.ZodType<Answer> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("choice"), choice: z.enum(["left", "right", "tie"]) }),
  z.object({ kind: z.literal("ratings"), ratings: z.record(z.string(), z.int()) }),
]);

/** A value of a JSON column. @throws ShowtellError `STORE_FORMAT` if it is not what the column holds. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, column: string): T {
  let json: unknown;
  try {
    json = JSON.parse(String(value));
  } catch (cause) {
    throw new ShowtellError("STORE_FORMAT", `the store's column ${column} holds no JSON: it was changed`, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const message = `the store's column ${column} holds something else than it should: ${z.prettifyError(result.error)}`;
  throw new ShowtellError("STORE_FORMAT", message);
}
