// Studies in the store: what is answered is there once, whatever comes twice, and belongs to who has the token.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "../../src/store/store.ts";
import { addStudy, listStudies, raterSession, readStudy, saveAnswer, taskPicture } from "../../src/store/studies.ts";
import type { Answer } from "../../src/study/questions.ts";
import { studyDraft as draft } from "./study-draft.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-studies-"));
  store = await openStore(folder);
});
afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true, force: true });
});

const tasks = draft.tasks[0]!;
const score = (value: number): Answer => ({ kind: "ratings", ratings: { score: value } });
const tokens = (): readonly string[] => listStudies(store)[0]!.raters.map(({ token }) => token);

test("a study is read as it was written, each rater with a token and an order of their own", () => {
  expect(addStudy(store, draft)).toBe(1);
  expect(addStudy(store, draft)).toBe(2);
  const [one, other] = tokens();
  expect(one).toMatch(/^[\w-]{22}$/);
  expect(other).not.toBe(one);
  expect(raterSession(store, one!)).toEqual({ plan: draft.plan, tasks: tasks.map((task) => ({ task })) });
  expect(raterSession(store, other!).tasks[0]!.task.picture).toBe(1);
  expect(taskPicture(store, other!, 0)).toEqual({ mediaType: "image/webp", bytes: Uint8Array.of(1, 255) });
  const { pictures } = readStudy(store, 2);
  expect(pictures).toEqual(draft.pictures.map(({ image, references, captions }) => ({ image, references, captions })));
});

test("an answer that comes twice is one; another takes its place; one that is taken back is gone", () => {
  addStudy(store, draft);
  const [one, other] = tokens();
  expect(saveAnswer(store, one!, { place: 0, answer: score(3), ms: 1200 })).toBe(1);
  const [first] = readStudy(store, 1).answers;
  expect(saveAnswer(store, one!, { place: 0, answer: score(3), ms: 9999 })).toBe(1);
  expect(readStudy(store, 1).answers).toEqual([first]);
  expect(first).toMatchObject({ rater: 0, task: tasks[0], answer: score(3), ms: 1200 });
  expect(saveAnswer(store, one!, { place: 0, answer: score(4), ms: 800 })).toBe(1);
  expect(saveAnswer(store, other!, { place: 1, answer: score(1), ms: 500 })).toBe(1);
  expect(readStudy(store, 1).answers.map(({ rater, answer }) => [rater, answer])).toEqual([
    [0, score(4)],
    [1, score(1)],
  ]);
  expect(saveAnswer(store, one!, { place: 0, ms: 0 })).toBe(0);
  expect(listStudies(store)[0]!.raters.map(({ answered }) => answered)).toEqual([0, 1]);
});

function refusal(action: () => unknown, code: string): void {
  expect(action).toThrow(expect.objectContaining({ code }));
}

test("who has no token, or asks for what is not theirs, is refused", () => {
  addStudy(store, draft);
  const [one] = tokens();
  refusal(() => raterSession(store, "nobody"), "UNAUTHORISED");
  refusal(() => saveAnswer(store, "nobody", { place: 0, answer: score(1), ms: 1 }), "UNAUTHORISED");
  refusal(() => saveAnswer(store, one!, { place: 2, answer: score(1), ms: 1 }), "NOT_FOUND");
  refusal(() => saveAnswer(store, one!, { place: 0, answer: score(5), ms: 1 }), "ARGUMENT");
  refusal(() => taskPicture(store, one!, 2), "NOT_FOUND");
  refusal(() => readStudy(store, 3), "ARGUMENT");
  expect(readStudy(store, 1).answers).toEqual([]);
});

test("a column that was changed by hand is told", () => {
  addStudy(store, draft);
  store.run("UPDATE study SET design = '{}'");
  expect(() => listStudies(store)).toThrow(expect.objectContaining({ code: "STORE_FORMAT" }));
});
