// Plans: what a plan may say, which runs it asks for and in which order, and what is said of one that is wrong.
import { describe, expect, test } from "vitest";
import { parsePlan } from "../../src/compare/plan.ts";
import { plannedRuns, withRuns } from "../../src/compare/planned-runs.ts";

function planOf(changes: object): ReturnType<typeof parsePlan> {
  return parsePlan({ title: "A plan", rows: [{ name: "a", train: {} }], ...changes }, "p.yaml");
}

const rows = [
  { name: "rewards", train: { init: { row: "likelihood" }, epochs: 2 } },
  { name: "likelihood", train: {} },
  { name: "pair", evaluate: { model: { row: ["likelihood", "rewards"] } } },
  { name: "all", evaluate: { model: { row: "rewards", seeds: "all" }, beam: 5 } },
];

describe("a plan", () => {
  test("has defaults: dev, seeds 1 to 3, and the first row to compare with", () => {
    expect(planOf({})).toEqual({
      title: "A plan",
      split: "dev",
      base: "a",
      seeds: [1, 2, 3],
      rows: [{ name: "a", kind: "train", options: {} }],
    });
  });

  test("adds what holds for all rows that train, and lets a row say otherwise", () => {
    const plan = planOf({ train: { epochs: 3, "hidden-size": 8 }, rows: [{ name: "a", train: { epochs: 5 } }] });
    expect(plan.rows[0]!.options).toEqual({ epochs: 5, "hidden-size": 8 });
  });

  test.each([
    [{ title: undefined }, "title is wrong"],
    [{ rows: [] }, "rows is wrong"],
    [{ rows: [{ name: "a" }] }, "rows[0] is wrong: must have either train or evaluate"],
    [{ rows: [{ name: "a", train: {}, evaluate: {} }] }, "rows[0] is wrong: must have either train or evaluate"],
    [{ rows: [{ name: "a", train: { epochs: null } }] }, "rows[0].train.epochs is wrong: must be a text, a number"],
    [
      { rows: [{ name: "a", train: { init: [{ row: "a" }, "b"] } }] },
      "rows[0].train.init is wrong: must be a text, a number",
    ],
    [{ rows: [rows[1], rows[1]] }, 'rows[1].name is "likelihood" a second time'],
    [{ seeds: [1, 1] }, "seeds is wrong: must name each seed once"],
    [{ seeds: [1.5] }, "seeds[0] is wrong"],
    [{ base: "b" }, 'base is "b", which is no row: rows are "a"'],
    [{ epochs: 3 }, "it is wrong"],
  ])("that is wrong is refused with the field: %j", (changes, message) => {
    expect(() => planOf(changes)).toThrow(
      expect.objectContaining({ code: "PLAN_FORMAT", message: expect.stringContaining(`plan "p.yaml": ${message}`) }),
    );
  });
});

describe("the runs of a plan", () => {
  test("come seed by seed, each after those that it needs, and last what puts all seeds together", () => {
    const runs = plannedRuns(planOf({ seeds: [1, 2], rows }), "p.yaml");
    expect(runs.map(({ row, seed, needs }) => [row.name, seed, needs])).toEqual([
      ["likelihood", 1, []],
      ["rewards", 1, [0]],
      ["pair", 1, [0, 1]],
      ["likelihood", 2, []],
      ["rewards", 2, [3]],
      ["pair", 2, [3, 4]],
      ["all", undefined, [1, 4]],
    ]);
    expect(runs[1]!.options).toEqual({ init: "\0run#0", epochs: 2 });
    expect(runs[6]!.options).toEqual({ model: "\0run#1,\0run#4", beam: 5 });
    expect(withRuns({ models: [runs[6]!.options["model"]], n: 1 }, (place) => `m${place}`)).toEqual({
      models: ["m1,m4"],
      n: 1,
    });
    // A path may be called like a run.
    expect(withRuns("models/run#0.safetensors", () => "another")).toBe("models/run#0.safetensors");
  });

  test("are as many as a row has seeds", () => {
    const own = [
      { name: "a", train: {} },
      { name: "b", seeds: [7], train: {} },
    ];
    const runs = plannedRuns(planOf({ seeds: [1, 2], rows: own }), "p.yaml");
    expect(runs.map(({ row, seed }) => `${row.name}${seed}`)).toEqual(["a1", "a2", "b7"]);
  });

  test("are one where a row evaluates a model that no row trains, and one a seed where it adds some of the same seed", () => {
    const own = [
      { name: "a", train: {} },
      { name: "there", evaluate: { model: "there.safetensors" } },
      { name: "mixed", evaluate: { model: { row: "a", seeds: "all" }, other: { row: "a" } } },
    ];
    const runs = plannedRuns(planOf({ seeds: [1, 2], rows: own }), "p.yaml");
    expect(runs.map(({ row, seed, needs }) => [row.name, seed, needs])).toEqual([
      ["a", 1, []],
      ["a", 2, []],
      ["mixed", 1, [0, 1, 0]],
      ["mixed", 2, [0, 1, 1]],
      ["there", undefined, []],
    ]);
  });

  test("name the seeds of another row that they need, whatever their own", () => {
    const own = [
      { name: "a", train: {} },
      { name: "b", seeds: [5, 6], train: { init: { row: "a", seeds: [2] } } },
      { name: "c", evaluate: { model: { row: "a", seeds: [1, 3] } } },
      {
        name: "d",
        evaluate: {
          model: [
            { row: "b", seeds: [6] },
            { row: "a", seeds: [3, 1] },
          ],
        },
      },
    ];
    const runs = plannedRuns(planOf({ seeds: [1, 2, 3], rows: own }), "p.yaml");
    expect(runs.map(({ row, seed, needs }) => [row.name, seed, needs])).toEqual([
      ["a", 1, []],
      ["a", 2, []],
      ["a", 3, []],
      ["b", 5, [1]],
      ["b", 6, [1]],
      ["c", undefined, [0, 2]],
      ["d", undefined, [4, 2, 0]],
    ]);
    expect(runs.at(-1)!.options).toEqual({ model: "\0run#4,\0run#2,\0run#0" });
  });

  test.each([
    [[{ name: "a", train: { init: { row: "z" } } }], 'rows[0].train.init names the row "z", which is not there'],
    [[{ name: "a", train: { init: { row: "a" } } }], "rows[0].train needs itself: a → a"],
    [
      [
        { name: "a", train: {} },
        { name: "b", train: { distil: [{ row: "a" }, { row: "z" }] } },
      ],
      'rows[1].train.distil names the row "z", which is not there',
    ],
    [
      [
        { name: "a", train: { init: { row: "b" } } },
        { name: "b", seeds: [1], train: {} },
      ],
      'rows[0].train.init needs seed 2 of the row "b", which lacks it',
    ],
    [
      [
        { name: "a", train: { init: { row: "b", seeds: [1, 3] } } },
        { name: "b", seeds: [1], train: {} },
      ],
      'rows[0].train.init needs seed 3 of the row "b", which lacks it',
    ],
    [
      [
        { name: "a", train: {} },
        { name: "b", evaluate: { model: { row: "a" } } },
        { name: "c", train: { init: { row: "b" } } },
      ],
      'rows[2].train.init names the row "b", which trains no model',
    ],
  ])("that can't be are refused with the field: %j", (own, message) => {
    expect(() => plannedRuns(planOf({ rows: own }), "p.yaml")).toThrow(
      expect.objectContaining({ code: "PLAN_FORMAT", message: `plan "p.yaml": ${message}` }),
    );
  });
});
