// `showtell score`: the golden scores from every form of file, two systems compared, scores of each image, and what is refused.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goldenSet } from "../../../caption-metrics/test/golden.ts";
import { showtell } from "./run.ts";
import type { Ended } from "./run.ts";

const METEOR = "METEOR (no paraphrase)";
const set = goldenSet("varied_refs");
const { corpus, perImage } = set.scores;
const golden: Readonly<Record<string, number>> = {
  "BLEU-1": corpus.Bleu_1,
  "BLEU-2": corpus.Bleu_2,
  "BLEU-3": corpus.Bleu_3,
  "BLEU-4": corpus.Bleu_4,
  [METEOR]: corpus.METEOR_exact_stem_synonym,
  "ROUGE-L": corpus.ROUGE_L,
  CIDEr: corpus.CIDEr,
};

interface Printed {
  readonly scores: Readonly<Record<string, number>>;
  readonly signatures: Readonly<Record<string, string>>;
  readonly images: number;
  readonly diversity: Readonly<Record<string, number>>;
}

let folder = "";

function lay(name: string, content: unknown): void {
  writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
}

function score(...args: string[]): Promise<Ended> {
  // An empty cache: the paraphrase table of whoever runs the tests must not count.
  return showtell(["score", ...args], { cwd: folder, environment: { SHOWTELL_CACHE: join(folder, "cache") } });
}

function jsonLines(lines: readonly object[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-score-"));
  const { ids, captions, referenceCaptions } = set;
  lay("h.json", captions);
  lay("r.json", referenceCaptions);
  lay(
    "results.json",
    ids.map((id) => ({ image_id: id, caption: captions[id] })),
  );
  lay("annotations.json", {
    images: [],
    annotations: ids.flatMap((id) => referenceCaptions[id]!.map((caption) => ({ image_id: id, caption }))),
  });
  lay("h.jsonl", jsonLines(ids.map((id) => ({ image: id, caption: captions[id], logProbability: -3 }))));
  lay(
    "r.jsonl",
    jsonLines(ids.toReversed().map((id) => ({ image: id, captions: referenceCaptions[id], split: "dev" }))),
  );
  // The second half of each caption is lost.
  const shorter = Object.entries(captions).map(([id, caption]) => {
    const words = caption.split(" ");
    return [id, words.slice(0, Math.ceil(words.length / 2)).join(" ")];
  });
  lay("shorter.json", Object.fromEntries(shorter));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("score", () => {
  test.each([
    ["h.json", "r.json"],
    ["results.json", "annotations.json"],
    ["h.jsonl", "r.jsonl"],
  ])("%s against %s prints the reference toolkit's scores as JSON", async (hypotheses, references) => {
    const { status, stdout, stderr } = await score("--hypotheses", hypotheses, "--references", references, "--json");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const { scores, signatures, images, diversity, ...rest } = JSON.parse(stdout) as Printed;
    expect(rest).toEqual({});
    expect(Object.keys(scores)).toEqual(Object.keys(golden));
    for (const [name, value] of Object.entries(golden))
      expect(Math.abs(scores[name]! - value), name).toBeLessThan(1e-9);
    expect(Object.keys(signatures)).toEqual(Object.keys(golden));
    expect(signatures["CIDEr"]).toMatch(/^cider-d\|n:4\|sigma:6\|df:refs200\|tok:ptb\|refs:1-4\|v:/);
    expect(images).toBe(200);
    expect(Object.keys(diversity)).toEqual(["distinct1", "distinct2", "vocabulary", "meanLength"]);
  });

  test("prints a table times 100 with what the scores may be compared with", async () => {
    const { stdout } = await score("--hypotheses", "h.json", "--references", "r.json");
    expect(stdout).toContain(`\nBLEU-4                  ${(100 * corpus.Bleu_4).toFixed(2)}\n`);
    expect(stdout).toContain(`\nCIDEr                   ${(100 * corpus.CIDEr).toFixed(2)}\n`);
    expect(stdout).toMatch(/\ndistinct-1 +\d+\.\d\d\n/);
    expect(stdout).toContain("200 images; scores × 100.");
    expect(stdout).toContain("rouge-l|beta:1.2|tok:ptb|refs:1-4");
  });

  test("scores a subset only where that is said, with its own document frequencies", async () => {
    const few = set.ids.slice(0, 20);
    lay("few.json", Object.fromEntries(few.map((id) => [id, set.captions[id]])));
    const refused = await score("--hypotheses", "few.json", "--references", "r.json");
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(
      /^error DATA_IDS: image ".+" has references in r\.json but no caption in few\.json.*--subset/,
    );
    const { stdout } = await score("--hypotheses", "few.json", "--references", "r.jsonl", "--subset", "--json");
    const { images, signatures } = JSON.parse(stdout) as Printed;
    expect(images).toBe(20);
    expect(signatures["CIDEr"]).toContain("df:refs20|");
  });

  test("writes the scores of each image, in one step", async () => {
    lay("each.jsonl", "old");
    const args = ["--hypotheses", "h.json", "--references", "r.json", "--per-image"];
    const { status } = await score(...args, "each.jsonl");
    expect(status).toBe(0);
    const lines = readFileSync(join(folder, "each.jsonl"), "utf8").trimEnd().split("\n");
    const byId = new Map(
      lines.map((line) => JSON.parse(line) as Printed & { id: string }).map((line) => [line.id, line]),
    );
    set.ids.forEach((id, at) => {
      expect(byId.get(id)!.scores["CIDEr"]).toBeCloseTo(perImage.CIDEr[at]!, 9);
      expect(byId.get(id)!.scores[METEOR]).toBeCloseTo(perImage.METEOR_exact_stem_synonym[at]!, 9);
    });
    expect(lines).toHaveLength(200);
    lay("broken.json", { ...set.referenceCaptions, extra: ["a dog"] });
    const failed = await score("--hypotheses", "h.json", "--references", "broken.json", "--per-image", "each.jsonl");
    expect(failed.status).toBe(1);
    expect(readFileSync(join(folder, "each.jsonl"), "utf8").trimEnd().split("\n")).toEqual(lines);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("with a paraphrase table", () => {
  test("METEOR has its name, and the signature the table's", async () => {
    lay("table.txt", "0.5\nin front of\nbefore\n");
    const cache = { SHOWTELL_CACHE: join(folder, "cache-with-table") };
    const options = { cwd: folder, environment: cache };
    const refused = await showtell(["metrics", "add-paraphrases", "--from", "table.txt"], options);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/^error INTEGRITY: /);
    const made = await showtell(["metrics", "add-paraphrases", "--from", "table.txt", "--any-table"], options);
    expect({ status: made.status, stderr: made.stderr }).toEqual({ status: 0, stderr: "" });
    expect(made.stdout).toMatch(/^file +.+\ntable +[0-9a-f]{8}, 1 pair\nsource +SHA-256 [0-9a-f]{64}\n$/);
    lay("ph.json", { x: "a dog before a house" });
    lay("pr.json", { x: ["a dog in front of a house"] });
    const args = ["--hypotheses", "ph.json", "--references", "pr.json", "--json"];
    const plain = JSON.parse((await score(...args)).stdout) as Printed;
    const full = JSON.parse((await showtell(["score", ...args], options)).stdout) as Printed;
    expect(full.scores["METEOR"]).toBeGreaterThan(plain.scores[METEOR]!);
    expect(full.signatures["METEOR"]).toMatch(/modules:exact\+stem\+synonym\+paraphrase\|table:[0-9a-f]{8}\|tok:ptb/);
    expect(full.scores).not.toHaveProperty(METEOR);
  });
});

describe("two systems", () => {
  const args = ["--hypotheses", "h.json", "--hypotheses", "shorter.json", "--references", "r.json"];

  test("are compared by a seeded bootstrap", async () => {
    const runs = await Promise.all([
      score(...args, "--json"),
      score(...args, "--json"),
      score(...args, "--json", "--seed", "2"),
    ]);
    const [first, again, other] = runs.map(({ stdout }) => JSON.parse(stdout) as Record<string, never>);
    expect(first).toEqual(again);
    const { systems, comparison, bootstrap, images } = first as unknown as {
      readonly systems: readonly Printed[];
      readonly comparison: Record<string, { difference: number; interval: [number, number]; pValue: number }>;
      readonly bootstrap: object;
      readonly images: number;
    };
    expect(bootstrap).toEqual({ resamples: 1000, seed: 1 });
    expect(images).toBe(200);
    expect(Object.keys(comparison)).toEqual(Object.keys(golden));
    for (const [name, { difference, interval, pValue }] of Object.entries(comparison)) {
      expect(systems[0]!.scores[name]).toBeCloseTo(golden[name]!, 9);
      expect(difference).toBeCloseTo(systems[1]!.scores[name]! - systems[0]!.scores[name]!, 12);
      expect(interval[0]).toBeLessThanOrEqual(difference);
      expect(interval[1]).toBeGreaterThanOrEqual(difference);
      expect(pValue).toBeLessThanOrEqual(1);
    }
    expect(comparison["METEOR (no paraphrase)"]!.pValue).toBeLessThan(0.01);
    expect(other!["comparison"]).not.toEqual(comparison);
  });

  test("stand beside each other in the table", async () => {
    const { stdout } = await score(...args);
    expect(stdout).toMatch(/^metric +h\.json +shorter\.json +difference +95 % interval +p\n/);
    expect(stdout).toMatch(
      /\nBLEU-4 +\d+\.\d\d +\d+\.\d\d +[+−]\d+\.\d\d +[+−]\d+\.\d\d … [+−]\d+\.\d\d +[01]\.\d{3}\n/,
    );
  });

  test("must have captioned the same images", async () => {
    lay("one-less.json", Object.fromEntries(Object.entries(set.captions).slice(1)));
    const pair = ["--hypotheses", "one-less.json", "--hypotheses", "h.json", "--references", "r.json"];
    const { status, stderr } = await score(...pair);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error DATA_IDS: image ".+" has a caption in h\.json but not in one-less\.json/);
  });
});

describe("what cannot be scored is refused", () => {
  test.each([
    [
      "an unknown image",
      { x: "a dog" },
      { y: ["a dog"] },
      /DATA_IDS: image "y" has references in rr\.json but no caption in hh\.json/,
    ],
    [
      "a missing one",
      { x: "a", z: "b" },
      { x: ["a"] },
      /DATA_IDS: image "z" has a caption in hh\.json but no references in rr\.json/,
    ],
    ["no caption at all", {}, { x: ["a"] }, /DATA_EMPTY: hh\.json/],
    ["no word in any reference", { x: "a" }, { x: ["."] }, /DATA_EMPTY: rr\.json: no reference has a word/],
    ["no references of an image", { x: "a" }, { x: [] }, /DATA_FORMAT: rr\.json: image "x" has no reference caption/],
    ["a caption that is none", { x: 1 }, { x: ["a"] }, /DATA_FORMAT: hh\.json: image "x" is 1/],
    ["cut-off JSON", '{"x": "a', { x: ["a"] }, /DATA_FORMAT: hh\.json: no JSON/],
  ])("%s", async (_, hypotheses, references, message) => {
    lay("hh.json", hypotheses);
    lay("rr.json", references);
    const { status, stdout, stderr } = await score("--hypotheses", "hh.json", "--references", "rr.json");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^error ${message.source}`));
  });

  test("to write over what is read", async () => {
    lay("hh.json", { x: "a dog" });
    lay("rr.json", { x: ["a dog"] });
    symlinkSync(join(folder, "rr.json"), join(folder, "link.json"));
    for (const own of ["hh.json", "rr.json", "link.json"]) {
      const { status, stderr } = await score("--hypotheses", "hh.json", "--references", "rr.json", "--per-image", own);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^error ARGUMENT: the scores of images would be written over "..\.json"/);
    }
    expect(readFileSync(join(folder, "rr.json"), "utf8")).toContain("a dog");
  });

  test("JSON that is nested without end, by its place", async () => {
    lay("rr.json", { x: ["a dog"] });
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    for (const [name, text, message] of [
      ["deep.json", deep, "entry 0 is a list"],
      ["deeper.json", `{"x":${deep}}`, "nested deeper than"],
      ["deep.jsonl", `{"id":${deep},"caption":"a"}`, '"id" is a list'],
    ] as const) {
      lay(name, text);
      const { status, stderr } = await score("--hypotheses", name, "--references", "rr.json");
      expect(status, name).toBe(1);
      expect(stderr, name).toMatch(new RegExp(`^error DATA_FORMAT: .*${message}`));
    }
  });

  test("captions as caption writes them: by the path of a picture, or as COCO results by the name of its file", async () => {
    const paths = [
      { image: "photos/a.jpg", caption: "a dog runs" },
      { image: "photos/b.jpg", caption: "two cats" },
    ];
    lay("said.jsonl", jsonLines(paths));
    const truths = { "a.jpg": ["a dog runs fast"], "b.jpg": ["two cats sleep"] };
    lay("truths.json", truths);
    lay("results.json", [
      { image_id: "a.jpg", caption: "a dog runs" },
      { image_id: "b.jpg", caption: "two cats" },
    ]);
    const images = Object.keys(truths).map((name, id) => ({ id, file_name: name }));
    const annotations = Object.values(truths).map(([caption], id) => ({ image_id: id, caption }));
    lay("coco.json", { images, annotations });
    const scored = await Promise.all(
      [
        ["said.jsonl", "truths.json"],
        ["results.json", "truths.json"],
        ["results.json", "coco.json"],
      ].map(([hypotheses, references]) =>
        score("--hypotheses", hypotheses!, "--references", references!, "--json").then(
          ({ stdout }) => (JSON.parse(stdout) as { scores: object }).scores,
        ),
      ),
    );
    expect(scored[0]).toEqual(scored[1]);
    expect(scored[2]).toEqual(scored[1]);
    // Two pictures of one name are no one's.
    lay("twice.jsonl", jsonLines([...paths, { image: "more/a.jpg", caption: "a dog" }]));
    const { status, stderr } = await score("--hypotheses", "twice.jsonl", "--references", "truths.json");
    expect([status, stderr]).toEqual([1, expect.stringContaining('image "a.jpg" has references') as string]);
  });

  test("an image twice among streamed references, a line that is no JSON, text that is not UTF-8", async () => {
    lay("hh.json", { x: "a" });
    lay(
      "twice.jsonl",
      jsonLines([
        { id: "x", captions: ["a"] },
        { id: "x", captions: ["b"] },
      ]),
    );
    lay("torn.jsonl", '{"id": "x", "captions": ["a"]}\n{"id": "y", "cap');
    writeFileSync(join(folder, "latin.jsonl"), Buffer.from('{"id": "x", "captions": ["caf\u00e9"]}', "latin1"));
    for (const [file, message] of [
      ["twice.jsonl", /^error DATA_IDS: twice\.jsonl: image "x" stands there twice/],
      ["torn.jsonl", /^error DATA_FORMAT: torn\.jsonl: line 2: no JSON/],
      ["latin.jsonl", /^error DATA_FORMAT: latin\.jsonl: is not UTF-8 text/],
      ["gone.jsonl", /^error FILE_NOT_FOUND: .*gone\.jsonl/],
    ] as const) {
      const { status, stderr } = await score("--hypotheses", "hh.json", "--references", file);
      expect(status, file).toBe(1);
      expect(stderr).toMatch(message);
    }
  });

  test.each([
    [["--references", "r.json"]],
    [["--hypotheses", "h.json"]],
    [["--hypotheses", "h.json", "--hypotheses", "h.json", "--hypotheses", "h.json", "--references", "r.json"]],
    [["--hypotheses", "h.json", "--references", "r.json", "--seed", "x"]],
  ])("wrong usage: %j", async (args) => {
    const { status, stderr } = await score(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/^error ARGUMENT: /);
  });
});
