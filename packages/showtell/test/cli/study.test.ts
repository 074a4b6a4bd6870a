// `showtell study` from end to end without a browser: made, listed, answered over HTTP while the service is killed, reported.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import type { RaterPage } from "showtell";
import { draftStudy } from "showtell/node";
import type { StudyRequest } from "showtell/node";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { sha256Hex } from "../../src/base/bytes.ts";
import { readBundleFile, writeBundleFile } from "../../src/node/bundle-files.ts";
import { openStore } from "../../src/store/store.ts";
import { readStudy } from "../../src/store/studies.ts";
import type { StudyReport } from "../../src/study/report.ts";
import { createStudy, serveStore, writeStudyInputs } from "../study-fixture.ts";
import { showtell } from "./run.ts";

/** Processes start and models load several times in each test; a machine that does other things, too, needs many times their seconds. */
const wholeStudyMs = 400_000;

let folder: string;
let data: string;
let model: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-study-"));
  ({ data, model } = await writeStudyInputs(folder));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Answers tasks from a place on, until the service is gone; gives the places that it said were kept. */
async function answerOn(url: string, token: string, from: number, count: number): Promise<number[]> {
  const kept: number[] = [];
  for (let task = from; task < count; task++) {
    const body = JSON.stringify({ task, answer: { kind: "choice", choice: "left" }, ms: 1000 });
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    try {
      const response = await fetch(`${url}v1/studies/answers`, { method: "POST", body, headers });
      if (!response.ok) break;
      await response.json();
      kept.push(task);
    } catch {
      break;
    }
  }
  return kept;
}

test(
  "two raters answer at once while the service is killed again and again: nothing is lost, nothing doubled",
  { timeout: wholeStudyMs },
  async () => {
    const store = join(folder, "killed");
    const args = ["--data", data, "--split", "all", "--sample", "10", "--store", store];
    const { links, tasks } = await createStudy([...args, "--model", model, "--model", "human"]);
    const tokens = links.map((link) => new URL(link).hash.slice(1));
    const kept: number[][] = [[], []];
    for (let life = 0; life < 3; life++) {
      const served = await serveStore(store, model);
      const answering = tokens.map((token, rater) =>
        answerOn(served.url, token, kept[rater]!.length, Math.min(tasks, 4 * (life + 1))).then((more) =>
          kept[rater]!.push(...more),
        ),
      );
      // In the middle of it, the last time at the end.
      const during = life < 2 ? [new Promise((resolve) => setTimeout(resolve, 20 * (life + 1)))] : answering;
      await Promise.all(during);
      await served.kill();
      await Promise.all(answering);
      const file = await openStore(store);
      const { answers } = readStudy(file, 1);
      file.close();
      for (const [rater, own] of kept.entries()) {
        const there = answers.filter((answer) => answer.rater === rater).length;
        // One more may be kept whose confirmation the kill cut off.
        expect(there).toBeGreaterThanOrEqual(own.length);
        expect(there).toBeLessThanOrEqual(own.length + 1);
      }
    }
    expect(kept.map(({ length }) => length)).toEqual([tasks, tasks]);
    const listed = await showtell(["study", "list", "--store", store, "--json"]);
    expect(JSON.parse(listed.stdout)).toMatchObject({
      study: 1,
      kind: "side-by-side",
      systems: ["one", "human"],
      pictures: 10,
      raters: [
        { tasks, answered: tasks },
        { tasks, answered: tasks },
      ],
    });
  },
);

test(
  "raters see captions and nothing of who wrote them; a wrong token, task or answer is refused with its reason",
  { timeout: wholeStudyMs },
  async () => {
    const store = join(folder, "blind");
    const args = ["--data", data, "--split", "all", "--sample", "6", "--kind", "rating", "--store", store];
    const { links } = await createStudy([...args, "--model", model, "--model", "human"]);
    const served = await serveStore(store, model);
    try {
      const ask = async (path: string, token: string, body?: object): Promise<{ status: number; text: string }> => {
        const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
        const init = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
        const response = await fetch(`${served.url}v1/studies/${path}`, init);
        return { status: response.status, text: await response.text() };
      };
      const token = new URL(links[0]!).hash.slice(1);
      const { text } = await ask("session", token);
      expect(text).not.toMatch(/human|model|system|shuffled|check|"one"|\.jpg/);
      const page = JSON.parse(text) as RaterPage;
      expect(page.scales.map(({ name }) => name)).toEqual(["adequacy", "fluency"]);
      // Twelve captions of two systems, and a check.
      expect(page.tasks).toHaveLength(13);
      for (const { captions } of page.tasks) expect(captions[0]).toMatch(/^(?:[A-Z](?:[^A-Z]*[^.\s])?)?$/);
      expect((await ask("picture?task=0", token)).status).toBe(200);

      const answer = { kind: "ratings", ratings: { adequacy: 6, fluency: 1 } };
      const refusals = [
        [await ask("session", "somebody"), 401, "UNAUTHORISED"],
        [await ask("picture?task=13", token), 404, "NOT_FOUND"],
        [await ask("picture?task=x", token), 400, "ARGUMENT"],
        [
          await ask("answers", token, { task: 0, answer, ms: 1 }),
          400,
          "adequacy is 6: it must be a whole number from 1 to 5",
        ],
        [
          await ask("answers", token, { task: 0, answer: { kind: "choice", choice: "left" }, ms: 1 }),
          400,
          "asks for ratings",
        ],
        [await ask("answers", token, { task: -1, answer: null, ms: 1 }), 400, "REQUEST_FORMAT"],
      ] as const;
      for (const [refusal, status, words] of refusals) {
        expect(refusal.status).toBe(status);
        expect(refusal.text).toContain(words);
      }
    } finally {
      await served.kill();
    }
  },
);

test("a report is not written over the judgments that it is made of", async () => {
  const own = mkdtempSync(join(tmpdir(), "showtell-study-own-"));
  onTestFinished(() => rmSync(own, { recursive: true }));
  const text = "image,caption,rater,score\ndog.jpg,a dog,ann,1\n";
  writeFileSync(join(own, "report.csv"), text);
  const { status, stderr } = await showtell(["study", "report", "--judgments", "report.csv", "--out", "."], {
    cwd: own,
  });
  expect([status, stderr]).toEqual([2, expect.stringMatching(/^error ARGUMENT: .*"report\.csv", which is read/)]);
  expect(readFileSync(join(own, "report.csv"), "utf8")).toBe(text);
});

test("pictures are drawn that raters and models see alike; others are left out, and those that a model was trained on refused", async () => {
  const own = mkdtempSync(join(tmpdir(), "showtell-study-pictures-"));
  onTestFinished(() => rmSync(own, { recursive: true }));
  const picture = (name: string, width: number, height: number, alpha = 1): Promise<unknown> =>
    sharp({ create: { width, height, channels: 4, background: { r: 200, g: 0, b: 0, alpha } } })
      .png()
      .toFile(join(own, name));
  await picture("wide.png", 70_000, 20);
  await picture("clear.png", 40, 30, 0);
  await picture("plain.png", 40, 30);
  const lines = ["wide", "clear", "plain"].map((name) => JSON.stringify({ image: `${name}.png`, captions: ["a dog"] }));
  writeFileSync(join(own, "captions.jsonl"), lines.join("\n"));
  const { source: _source, ...bundle } = await readBundleFile(model);
  const pictureHashes = sha256Hex(readFileSync(join(own, "plain.png"))).slice(0, 16);
  const trained = join(own, "trained.safetensors");
  await writeBundleFile(trained, { ...bundle, manifest: { ...bundle.manifest, training: { pictureHashes } } });
  const request: StudyRequest = {
    kind: "rating",
    data: join(own, "captions.jsonl"),
    images: own,
    split: "all",
    models: [model],
    sample: 2,
    raters: 1,
    seed: 3,
    threads: 1,
  };

  const leftOut: string[] = [];
  const { pictures } = await draftStudy(request, {
    onBroken: (path, { code }) => leftOut.push(`${basename(path)} ${code}`),
  });
  expect(leftOut).toEqual(["wide.png IMAGE_TOO_LARGE"]);
  const clear = pictures.find(({ image }) => image === "clear.png")!;
  const { data: seen, info } = await sharp(clear.file.bytes).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([40, 30, 3]);
  expect(seen.every((value) => value === 255)).toBe(true);

  await expect(draftStudy({ ...request, models: [model, trained] })).rejects.toMatchObject({
    code: "DATA_LEAK",
    message: expect.stringMatching(/trained\.safetensors" was trained on 1 of the 2 pictures of split "all"/) as string,
  });
  const allowed = await draftStudy({ ...request, models: [trained], allowLeak: true });
  expect(allowed.pictures).toHaveLength(2);
});

test(
  "judgments made elsewhere are reported with every metric, as HTML, JSON and CSV",
  { timeout: wholeStudyMs },
  async () => {
    const rows = ["image,caption,rater,score,system"];
    for (let i = 0; i < 10; i++) {
      // Good captions are near the references; bad ones say something else.
      const [good, bad] = [`a thing alone number ${i}`, "two men sit at a table"];
      for (const rater of ["ann", "bob"]) {
        const own = JSON.parse(readFileSync(data, "utf8").split("\n")[i]!) as { captions: string[] };
        rows.push(`${i}.jpg,${own.captions[0]!.replace(" .", "")},${rater},${rater === "ann" ? 4 : 3},good`);
        rows.push(`${i}.jpg,${i % 2 === 0 ? good : bad},${rater},1,bad`);
      }
    }
    const file = join(folder, "judgments.csv");
    writeFileSync(file, `${rows.join("\n")}\n`);
    const out = join(folder, "report");
    const { status, stdout, stderr } = await showtell([
      "study",
      "report",
      "--judgments",
      file,
      "--data",
      data,
      "--out",
      out,
      "--resamples",
      "200",
      "--json",
    ]);
    expect(status, stderr).toBe(0);
    const report = JSON.parse(stdout) as StudyReport;
    expect(report).toMatchObject({ pictures: 10, items: 20, judgments: 40, kind: "ratings" });
    expect(report.systems.map(({ name, means }) => [name, means!["score"]!.value])).toEqual([
      ["good", 3.5],
      ["bad", 1],
    ]);
    const cider = report.metrics.find(({ metric }) => metric === "CIDEr")!;
    expect(cider.spearman!.value).toBeGreaterThan(0.8);
    expect(JSON.parse(readFileSync(join(out, "report.json"), "utf8"))).toEqual(report);
    expect(readFileSync(join(out, "report.csv"), "utf8")).toContain("system,good,mean score,3.5,");
    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).toContain("<svg");
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  },
);

test.each([
  ["one system side by side", ["create", "--split", "all", "--sample", "2", "--model", "human"], 2, "ARGUMENT"],
  [
    "more pictures than there are",
    ["create", "--split", "all", "--sample", "11", "--kind", "rating", "--model", "human"],
    1,
    "DATA_EMPTY",
  ],
  ["a folder without a store", ["list"], 1, "FILE_NOT_FOUND"],
  ["a report on nothing", ["report"], 1, "FILE_NOT_FOUND"],
])("refused: %s", async (_, [command, ...args], status, code) => {
  const store = ["--store", join(folder, "nowhere")];
  const own = command === "create" ? ["--data", data] : [];
  const ended = await showtell(["study", command!, ...own, ...args, ...store]);
  expect(ended.stderr).toMatch(new RegExp(`^error ${code}: `, "m"));
  expect(ended.status).toBe(status);
  rmSync(join(folder, "nowhere"), { recursive: true, force: true });
});
