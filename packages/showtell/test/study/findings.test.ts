// Findings on small judgments that can be worked out on paper.
import { expect, test } from "vitest";
import type { Task } from "../../src/study/design.ts";
import { findingsOf } from "../../src/study/findings.ts";
import { judgmentsOf } from "../../src/study/judgments.ts";
import type { Answer, Choice, StudyKind } from "../../src/study/questions.ts";
import type { StudyRecord } from "../../src/study/record.ts";

const options = { resamples: 200, seed: 1 };
const system = (caption: string, ...systems: readonly number[]): Task["shown"][number] => ({
  caption,
  origin: { kind: "systems", systems },
});

function record(
  kind: StudyKind,
  answers: readonly (readonly [rater: number, task: Task, answer: Answer])[],
): StudyRecord {
  return {
    id: 1,
    created: "2026-01-02T03:04:05.000Z",
    plan: {
      kind,
      systems: [
        { name: "A", kind: "model" },
        { name: "B", kind: "model" },
      ],
      data: { name: "data", split: "dev" },
      seed: 1,
      checks: 1,
      writer: "test",
    },
    pictures: ["p", "q", "r"].map((image, i) => ({
      image,
      references: [`reference ${image}`],
      captions: i === 2 ? ["same", "same"] : [`a ${image}`, `b ${image}`],
    })),
    tasks: [4, 4],
    answers: answers.map(([rater, task, answer], i) => ({ rater, task, answer, ms: 1000 * (i + 1), answeredAt: "" })),
  };
}

const rate = (adequacy: number, fluency: number): Answer => ({ kind: "ratings", ratings: { adequacy, fluency } });
const choose = (choice: Choice): Answer => ({ kind: "choice", choice });

test("side by side: sides are undone, ties are half a win, checks count apart, the same words are told", async () => {
  const p: Task = { picture: 0, shown: [system("a p", 0), system("b p", 1)] };
  const pTurned: Task = { picture: 0, shown: p.shown.toReversed() };
  const q: Task = { picture: 1, shown: [system("b q", 1), system("a q", 0)] };
  const check: Task = {
    picture: 1,
    shown: [
      { caption: "x", origin: { kind: "shuffled" } },
      { caption: "y", origin: { kind: "reference" } },
    ],
  };
  const data = judgmentsOf(
    record("side-by-side", [
      [0, p, choose("left")],
      [0, check, choose("right")],
      [0, q, choose("tie")],
      [1, pTurned, choose("right")],
      [1, check, choose("tie")],
      [1, q, choose("left")],
    ]),
  );
  expect(data.same).toBe(1);
  expect(data.items.map(({ captions }) => captions.map(({ systems }) => systems))).toEqual([
    [["A"], ["B"]],
    [["A"], ["B"]],
  ]);
  // Metric scores of both captions of both items: the metric likes A's first, and B's second.
  const { systems, raters, agreement, metrics } = await findingsOf(
    data,
    new Map([
      [
        "M",
        [
          [2, 1],
          [1, 3],
        ],
      ],
    ]),
    options,
  );
  expect(systems.map(({ games }) => games)).toEqual([
    { won: 2, tied: 1, lost: 1 },
    { won: 1, tied: 1, lost: 2 },
  ]);
  // Of four games and one imagined against the mean: the odds are those of 2.5 won, and 1.5 lost, half a game on each side.
  expect(systems[0]!.strength!.value).toBeGreaterThan(0.1);
  expect(systems[0]!.strength!.value).toBeLessThan(Math.log(2.5 / 1.5) / 2);
  expect(systems[0]!.strength!.value).toBeCloseTo(-systems[1]!.strength!.value, 9);
  expect(raters.map(({ checks, checksPassed, open, judged }) => [checks, checksPassed, open, judged])).toEqual([
    [1, 1, 1, 2],
    [1, 0, 1, 2],
  ]);
  expect(raters[0]!.sameAsOthers).toBe(0.5);
  // Values 1 1 and 0 −1: by Krippendorff's formula 1 − 3 · 2 / (2 · 2 + 2 · 2 + 2) = 0.4.
  expect(agreement[0]!.alpha.nominal!.value).toBeCloseTo(0.4, 12);
  expect(metrics[0]).toMatchObject({ metric: "M", items: 2, tauB: { value: 1 }, accuracy: { value: 1 } });
});

test("ratings: means of each system, also of words that both said; checks are those rated low", async () => {
  const check: Task = { picture: 0, shown: [{ caption: "x", origin: { kind: "shuffled" } }] };
  const data = judgmentsOf(
    record("rating", [
      [0, { picture: 0, shown: [system("a p", 0)] }, rate(5, 4)],
      [0, { picture: 2, shown: [system("same", 0, 1)] }, rate(3, 2)],
      [0, check, rate(2, 5)],
      [1, check, rate(3, 1)],
    ]),
  );
  const { systems, raters } = await findingsOf(data, new Map(), options);
  expect(systems[0]!.means).toMatchObject({ adequacy: { value: 4 }, fluency: { value: 3 } });
  expect(systems[1]!.means).toMatchObject({ adequacy: { value: 3 }, fluency: { value: 2 } });
  expect(raters.map(({ checksPassed }) => checksPassed)).toEqual([1, 0]);
});

test("a rater's correlation is the mean of the scales' own: that all answer one scale higher is no agreement", async () => {
  const tasks = [0, 1, 2].map((picture): Task => ({ picture, shown: [system(`a ${picture}`, 0)] }));
  const answers = (adequacy: readonly number[], rater: number): [number, Task, Answer][] =>
    tasks.map((task, i) => [rater, task, rate(adequacy[i]!, 5 - i)]);
  const data = judgmentsOf(record("rating", [...answers([1, 2, 3], 0), ...answers([3, 2, 1], 1)]));
  const { raters } = await findingsOf(data, new Map(), options);
  // Adequacy −1, fluency 1.
  expect(raters.map(({ correlation }) => correlation)).toEqual([0, 0]);
});

test("a study without any answer has nothing to report", async () => {
  await expect(findingsOf(judgmentsOf(record("rating", [])), new Map(), options)).rejects.toThrow(
    "nothing has been judged yet",
  );
});
