// The design of studies: everybody judges everything once, sides are balanced, checks can be told, and a seed decides it all.
import { expect, test } from "vitest";
import { designStudy, isCheck, usualChecks } from "../../src/study/design.ts";
import type { Task } from "../../src/study/design.ts";
import { plainCaption } from "../../src/study/plain-caption.ts";
import { requireAnswer } from "../../src/study/questions.ts";

const pictures = Array.from({ length: 20 }, (_, i) => ({
  references: [`reference ${"abcdefghijklmnopqrst".charAt(i)}x of picture`],
  captions: [`first says ${i}`, `second says ${i}`, i === 0 ? "first says 0" : `third says ${i}`],
}));
const request = { kind: "side-by-side", pictures, raters: 3, checks: 5, seed: 4 } as const;

const systemsOf = (task: Task): string[] =>
  task.shown.map(({ origin }) => (origin.kind === "systems" ? origin.systems.join("+") : origin.kind));
const pairOf = (task: Task): string => `${task.picture}: ${systemsOf(task).sort().join(" ")}`;

test("every rater judges every pair once, in an order of their own", () => {
  const design = designStudy(request);
  const pairs = design.map((tasks) => tasks.filter((task) => !isCheck(task)).map(pairOf));
  // Of the first picture two systems say the same: one pair instead of three.
  expect(pairs[0]).toHaveLength(19 * 3 + 1);
  expect(new Set(pairs[0]).size).toBe(58);
  expect([...pairs[1]!].sort()).toEqual([...pairs[0]!].sort());
  expect(pairs[1]).not.toEqual(pairs[0]);
  expect(pairs[0]).toContain("0: 0+2 1");
});

/** How often each of two systems is left of the other, less how often right, by pair. */
function balances(tasks: readonly Task[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const task of tasks) {
    const [left, right] = task.shown.map(({ origin }) => (origin.kind === "systems" ? origin.systems : []));
    for (const [one, other] of left!.flatMap((i) => right!.map((j) => [i, j] as const))) {
      const pair = [one, other].toSorted((i, j) => i - j).join(" ");
      found.set(pair, (found.get(pair) ?? 0) + (one < other ? 1 : -1));
    }
  }
  return found;
}

test("each system is left as often as right for every pair and rater, and raters see a picture from both sides", () => {
  const design = designStudy(request);
  for (const tasks of design) {
    for (const balance of balances(tasks).values()) expect(Math.abs(balance)).toBeLessThanOrEqual(1);
  }
  const sides = design.map(
    (tasks) => new Map(tasks.filter((one) => !isCheck(one)).map((task) => [pairOf(task), systemsOf(task)])),
  );
  for (const [pair, shown] of sides[0]!) {
    expect(sides[1]!.get(pair)).toEqual(shown.toReversed());
    expect(sides[2]!.get(pair)).toEqual(shown);
  }
});

test("sides are balanced for every pair of systems, too, where two of them often say the same", () => {
  // Of five pictures two have three captions, and in each of the others two systems say the same.
  const shared = [
    [0, 1, 2],
    [0, 0, 2],
    [0, 1, 2],
    [0, 1, 1],
    [0, 1, 0],
  ];
  const own = Array.from({ length: 55 }, (_, i) => ({
    references: [`reference ${i}`],
    captions: shared[i % 5]!.map((words) => `${words} says ${i}`),
  }));
  for (let seed = 0; seed < 40; seed++) {
    const [tasks] = designStudy({ ...request, pictures: own, raters: 1, checks: 0, seed });
    const found = balances(tasks!);
    expect(found.size).toBe(3);
    for (const [pair, balance] of found) expect(Math.abs(balance), `${pair}, seed ${seed}`).toBeLessThanOrEqual(1);
  }
});

test("attention checks show a caption of another picture beside a reference, spread over the tasks and never first", () => {
  const [tasks] = designStudy(request);
  const places = tasks!.flatMap((task, place) => (isCheck(task) ? [place] : []));
  expect(places).toHaveLength(5);
  expect(places[0]).toBeGreaterThan(0);
  for (const [i, place] of places.entries()) expect(Math.abs(place - (i + 0.5) * 12.6)).toBeLessThan(9);
  for (const { picture, shown } of tasks!.filter(isCheck)) {
    const wrong = shown.find(({ origin }) => origin.kind === "shuffled")!;
    const right = shown.find(({ origin }) => origin.kind === "reference")!;
    expect(pictures[picture]!.references).toContain(right.caption);
    expect(pictures[picture]!.references).not.toContain(wrong.caption);
    expect(pictures.flatMap(({ references }) => references)).toContain(wrong.caption);
  }
});

test("of captions to rate, the same words are rated once for all systems that say them", () => {
  const [tasks] = designStudy({ ...request, kind: "expert", checks: 0 });
  expect(tasks).toHaveLength(59);
  expect(tasks!.every(({ shown }) => shown.length === 1)).toBe(true);
});

test("the wrong caption is one with few words in common with the picture's own", () => {
  const near = { references: ["a brown dog runs"], captions: ["a dog"] };
  const far = { references: ["two people sit indoors"], captions: ["people"] };
  const alike = { references: ["a brown dog jumps"], captions: ["a dog jumps"] };
  for (let seed = 0; seed < 10; seed++) {
    const [tasks] = designStudy({ kind: "rating", pictures: [near, alike, far], raters: 1, checks: 3, seed });
    const shown = tasks!.filter(isCheck).find(({ picture }) => picture === 0)!;
    expect(shown.shown[0]!.caption).toBe("two people sit indoors");
  }
});

test("a seed gives the same design, another one another", () => {
  expect(designStudy(request)).toEqual(designStudy(request));
  expect(designStudy({ ...request, seed: 5 })).not.toEqual(designStudy(request));
});

test("a tenth of the tasks are checks unless said otherwise", () => {
  expect(usualChecks("side-by-side", pictures)).toBe(6);
  expect(usualChecks("rating", pictures.slice(0, 2))).toBe(1);
  expect(usualChecks("rating", pictures.slice(0, 1))).toBe(0);
});

test.each([
  ["A man , in a Red hat 's shade .", "A man in a red hat's shade"],
  ["two dogs  playing", "Two dogs playing"],
  ['Two people, "facing" the water; they do n\'t move!', "Two people facing the water they don't move"],
  ["  .", ""],
])("captions are spelt alike, whoever wrote them: %j", (written, shown) => {
  expect(plainCaption(written)).toBe(shown);
});

test("answers that a study does not ask for are refused", () => {
  expect(() => requireAnswer("side-by-side", { kind: "choice", choice: "tie" })).not.toThrow();
  expect(() => requireAnswer("side-by-side", { kind: "ratings", ratings: { score: 1 } })).toThrow("asks for choice");
  expect(() => requireAnswer("expert", { kind: "ratings", ratings: { score: 5 } })).toThrow("from 1 to 4");
  expect(() => requireAnswer("expert", { kind: "ratings", ratings: { score: 2, more: 1 } })).toThrow('no scale "more"');
  expect(() => requireAnswer("rating", { kind: "ratings", ratings: { adequacy: 2 } })).toThrow("fluency is missing");
});
