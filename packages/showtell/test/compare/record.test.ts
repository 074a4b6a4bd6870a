// Records: which run a record is of, and what is said of one that is damaged.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { comparedRuns } from "../../src/cli/plan-options.ts";
import { parsePlan } from "../../src/compare/plan.ts";
import { isRecordOf, parseRecord, recordName } from "../../src/compare/record.ts";
import type { RunKey, RunRecord } from "../../src/compare/record.ts";
import { runStates } from "../../src/node/comparison-states.ts";
import { runOptions } from "../../src/node/run-options.ts";
import { recordOf } from "./records.ts";

const options = {
  decoder: "d",
  training: { seed: 1, epochs: 2, checkpointSteps: 200 },
  decoderOptions: { hiddenSize: 8 },
};
const key: RunKey = { kind: "train", options };
const defaults = { decoder: "e", training: { epochs: 9, smoothing: 0 }, decoderOptions: { dropout: 0 }, beam: 3 };
const record = recordOf("a-00000000", 1, { options });

/** An evaluation of a data set whose hash is this digit. */
const on = (digit: string): RunKey => ({ ...key, kind: "evaluate", data: digit.repeat(64) });

describe("a record is of a run", () => {
  test("with the same options, whatever order they stand in", () => {
    const { training, decoderOptions } = options;
    expect(isRecordOf(record, { kind: "train", options: { training, decoderOptions, decoder: "d" } }, {})).toBe(true);
  });

  test("that says what is the default where the record says nothing, at the top and one level below", () => {
    const full = { ...options, beam: 3, training: { ...options.training, smoothing: 0 } };
    expect(isRecordOf(record, { ...key, options: full }, defaults)).toBe(true);
    expect(isRecordOf(record, { ...key, options: { ...full, beam: 4 } }, defaults)).toBe(false);
    const other = { ...full, training: { ...full.training, smoothing: 0.1 } };
    expect(isRecordOf(record, { ...key, options: other }, defaults)).toBe(false);
  });

  test("that is saved more often, but not of one with other epochs", () => {
    const training = { ...options.training, checkpointSteps: 5 };
    expect(isRecordOf(record, { ...key, options: { ...options, training } }, {})).toBe(true);
    expect(isRecordOf(record, { ...key, options: { ...options, training: { ...training, epochs: 3 } } }, {})).toBe(
      false,
    );
  });

  test("that goes on from the same model, whatever is said of what that model brings along", () => {
    const own = { ...options, init: "a-00000000", embeddingSize: 4, embeddings: "glove", minimumCount: 5 };
    const started = recordOf("b-00000000", 1, { options: own });
    const another = { ...own, embeddingSize: 8, decoderOptions: { hiddenSize: 16 } };
    expect(isRecordOf(started, { ...key, options: another }, {})).toBe(true);
    // Learning on may add words, and then their vectors and what is a word matter; rewards add none.
    expect(isRecordOf(started, { ...key, options: { ...own, minimumCount: 3 } }, {})).toBe(false);
    const training = { ...options.training, objective: { kind: "self-critical" } };
    const rewarded = recordOf("c-00000000", 1, { options: { ...own, training } });
    const told = { ...own, training, embeddings: "random", minimumCount: 3 };
    expect(isRecordOf(rewarded, { ...key, options: told }, {})).toBe(true);
    expect(isRecordOf(rewarded, { ...key, options: { ...told, decoderOptions: { dropout: 0.5 } } }, {})).toBe(false);
  });

  test("only on the same captions and the same encoder, where these are known", () => {
    expect(isRecordOf(record, { ...key, data: "0".repeat(64), encoder: "0".repeat(64) }, {})).toBe(true);
    expect(isRecordOf(record, { ...key, data: "1".repeat(64) }, {})).toBe(false);
    expect(isRecordOf(record, { ...key, encoder: "1".repeat(64) }, {})).toBe(false);
    expect(isRecordOf(record, { ...key, kind: "evaluate" }, {})).toBe(false);
  });

  test("that evaluated on the same captions, where the record says which", () => {
    const { training: _training, ...older } = recordOf("e-00000000", 1, { kind: "evaluate", options });
    const evaluated = { ...older, data: "0".repeat(64) };
    expect(isRecordOf(evaluated, on("0"), {})).toBe(true);
    expect(isRecordOf(evaluated, on("1"), {})).toBe(false);
    expect(isRecordOf(evaluated, { ...on("0"), data: undefined }, {})).toBe(true);
    expect(isRecordOf(older, on("1"), {})).toBe(true);
    expect(parseRecord(JSON.parse(JSON.stringify(evaluated)), "e.json")).toEqual(evaluated);
  });
});

/** Which runs of a plan with these rows, one seed each, have a record among those that `recordsOf` makes of them. */
async function doneIn(
  rows: readonly object[],
  recordsOf: (runs: ReturnType<typeof comparedRuns>) => readonly RunRecord[],
  data?: string,
): Promise<readonly boolean[]> {
  const folder = await mkdtemp(join(tmpdir(), "showtell-records-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const runs = comparedRuns(parsePlan({ title: "A plan", seeds: [1], rows }, "p.yaml"), "p.yaml", { data: "d" });
  for (const one of recordsOf(runs)) await writeFile(join(folder, `${one.name}.json`), JSON.stringify(one));
  const states = await runStates({ plan: { split: "dev" }, runs, records: folder, out: folder }, data);
  return states.map((state) => state.record !== undefined);
}

describe("a run is done", () => {
  test("where its record is of the plan's split; one of another is not taken for it, and not written over", async () => {
    const rows = [{ name: "one", train: { "fine-tune": "conv5" } }];
    const doneBy = (split: string): Promise<readonly boolean[]> =>
      doneIn(rows, (runs) =>
        runs.map(({ template }) => {
          const made = recordOf("one-00000000", 1, { options: runOptions(template.request) });
          return { ...made, evaluation: { ...made.evaluation, split } };
        }),
      );
    expect(await doneBy("dev")).toEqual([true]);
    const ofTest = doneBy("test");
    await expect(ofTest).rejects.toMatchObject({
      code: "RECORD_MISMATCH",
      message: expect.stringMatching(/"one-00000000".*"test".*"dev"/),
    });
  });

  test("though its record names another encoder than it read, where it fine-tuned that, and only there", async () => {
    const rows = [
      { name: "tuned", train: { "fine-tune": "conv5" } },
      { name: "plain", train: {} },
    ];
    const done = await doneIn(rows, (runs) =>
      runs.map(({ row, template }) => recordOf(`${row.name}-00000000`, 1, { options: runOptions(template.request) })),
    );
    expect(done).toEqual([true, false]);
  });
});

describe("a record", () => {
  test("is called by a few words and a hash of what decides the model", () => {
    const name = recordName(["Show & Tell", "s1"], key);
    expect(name).toMatch(/^show-tell-s1-[0-9a-f]{8}$/);
    expect(recordName(["Show & Tell", "s1"], { ...key, data: "x" })).not.toBe(name);
    expect(recordName(["(no dropout)", "s1"], key)).toMatch(/^no-dropout-s1-[0-9a-f]{8}$/);
    expect(recordName(["注意"], key)).toMatch(/^run-[0-9a-f]{8}$/);
  });

  test("is read as it was written, and a damaged one is refused with file and field", () => {
    expect(parseRecord(JSON.parse(JSON.stringify(record)), "r.json")).toEqual(record);
    expect(() => parseRecord({ ...record, seed: -1 }, "r.json")).toThrow(
      expect.objectContaining({
        code: "RECORD_FORMAT",
        message: expect.stringContaining('record "r.json": seed is wrong'),
      }),
    );
  });
});
