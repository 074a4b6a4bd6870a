// Ensembles of toy steppers, held against a single stepper whose table is the mean of the members' tables.
import { describe, expect, it } from "vitest";
import { beamSearch } from "../../src/search/beam.ts";
import { ensembleOf } from "../../src/search/ensemble.ts";
import { randomTable, type Table, toyStepper, toyTask } from "./toy-stepper.ts";

const task = toyTask(6, 7);

/** log of the mean probability, as its definition says. */
function meanTable(tables: readonly Table[]): Table {
  return (image, prefix) => {
    const rows = tables.map((table) => table(image, prefix));
    return rows[0]!.map((_, word) => Math.log(rows.reduce((sum, row) => sum + Math.exp(row[word]!), 0) / rows.length));
  };
}

describe("an ensemble", () => {
  it("finds what one model with the mean of the probabilities finds", async () => {
    let differing = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const tables = [seed, seed + 100, seed + 200].map((each) => randomTable(task.words, each));
      const members = tables.map((table) => toyStepper(task.words, table));
      const options = { beam: 4, candidates: 3 };
      const images = ["a", "b"];
      const together = await beamSearch(ensembleOf(members), task, [images, images, images], options);
      const expected = await beamSearch(toyStepper(task.words, meanTable(tables)), task, images, options);
      const first = await beamSearch(members[0]!, task, images, options);
      for (const [image, hypotheses] of together.entries()) {
        expect(hypotheses.map(({ words }) => words)).toEqual(expected[image]!.map(({ words }) => words));
        for (const [i, { logProbability }] of hypotheses.entries()) {
          expect(logProbability).toBeCloseTo(expected[image]![i]!.logProbability, 5);
        }
        if (hypotheses[0]!.words.join() !== first[image]![0]!.words.join()) differing++;
      }
    }
    // The other members have a say.
    expect(differing).toBeGreaterThan(5);
  });

  it("of one member is that member, bit for bit", async () => {
    const stepper = toyStepper(task.words, randomTable(task.words, 5));
    const alone = await beamSearch(stepper, task, ["a", "b"], { beam: 3, candidates: 3 });
    expect(await beamSearch(ensembleOf([stepper]), task, [["a", "b"]], { beam: 3, candidates: 3 })).toEqual(alone);
  });

  it("shows each member what is its own to see", async () => {
    const table = randomTable(task.words, 7);
    const members = [toyStepper(task.words, table), toyStepper(task.words, table)];
    const mixed = await beamSearch(ensembleOf(members), task, [["a"], ["b"]]);
    const both: Table = (_, prefix) => meanTable([(__, p) => table("a", p), (__, p) => table("b", p)])("", prefix);
    const expected = await beamSearch(toyStepper(task.words, both), task, ["any"]);
    expect(mixed[0]![0]!.words).toEqual(expected[0]![0]!.words);
  });

  it("keeps probabilities that are too small for a float, and what is impossible to all", async () => {
    const rows = [
      [-2000, -Infinity, 0, -Infinity],
      [-2001, -Infinity, -Infinity, -5],
    ];
    const [first, second] = rows.map((row) => toyStepper(4, () => row, 0));
    const { logProbabilities } = await ensembleOf([first!, second!]).start([["a"], ["a"]]);
    const expected = [-2000 + Math.log((1 + Math.exp(-1)) / 2), -Infinity, Math.log(1 / 2), -5 + Math.log(1 / 2)];
    expect(Array.from(logProbabilities)).toEqual(expected.map(Math.fround));
  });

  it("of no members, or of members with different columns, is refused", () => {
    expect(() => ensembleOf([])).toThrow(expect.objectContaining({ code: "ARGUMENT" }));
    const members = [toyStepper(7, randomTable(7, 1)), toyStepper(8, randomTable(8, 1))];
    expect(() => ensembleOf(members)).toThrow(
      expect.objectContaining({ code: "ARGUMENT", message: expect.stringMatching(/member 2 .* 11 columns.* 10/) }),
    );
  });
});
