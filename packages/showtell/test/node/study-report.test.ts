// Reports on judgments made elsewhere, from the files that people have to the files that are written.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readForeignJudgments } from "../../src/node/foreign-judgments.ts";
import { reportJudgments } from "../../src/node/study-report.ts";
import type { StudyReport } from "../../src/study/report.ts";

const things = ["dog", "cat", "boat", "horse", "child", "tree"];
const captionsOf = (thing: string): readonly string[] => [
  `a ${thing} is here`,
  `there stands one ${thing}`,
  `the ${thing} alone`,
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "showtell-judgments-"));
  mkdirSync(join(folder, "images"));
  const lines = things.flatMap((thing) => captionsOf(thing).map((caption, i) => `${thing}.jpg#${i}\t${caption}`));
  writeFileSync(join(folder, "Flickr8k.token.txt"), `${lines.join("\n")}\n`);
  for (const thing of things) writeFileSync(join(folder, "images", `${thing}.jpg`), "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function reported(name: string, lines: readonly string[]): Promise<{ report: StudyReport; page: string }> {
  const file = join(folder, name);
  writeFileSync(file, `${lines.join("\n")}\n`);
  const { judgments, source } = await readForeignJudgments(file, { data: folder });
  const out = join(folder, "report");
  const report = await reportJudgments(judgments, source, { resamples: 50, seed: 1, out });
  expect(JSON.parse(readFileSync(join(out, "report.json"), "utf8"))).toEqual(report);
  return { report, page: readFileSync(join(out, "report.html"), "utf8") };
}

/** Each picture with a caption of each of the others; the next one's are judged best. */
function shown(line: (image: string, id: string, near: boolean) => string): readonly string[] {
  return things.flatMap((thing, i) =>
    things.map((other, j) => line(`${thing}.jpg`, `${other}.jpg#${j % 3}`, j === (i + 1) % things.length)),
  );
}

test("Flickr8k's experts: three raters, means of their grades, each metric with an interval, own captions left out and told", async () => {
  const { report, page } = await reported(
    "ExpertAnnotations.txt",
    shown((image, id, near) => [image, id, ...(near ? [3, 4, 4] : [1, 1, 2])].join("\t")),
  );
  expect(report).toMatchObject({
    source: { kind: "file", name: "ExpertAnnotations.txt", ownCaptions: 6 },
    pictures: 6,
    items: 30,
    judgments: 90,
    systems: [],
  });
  expect(report.raters.map(({ rater, judged }) => [rater, judged])).toEqual([1, 2, 3].map((i) => [`expert ${i}`, 30]));
  for (const { items, resamples } of report.metrics) expect([items, resamples]).toEqual([30, 50]);
  // The others see no word in common, or none that tells pictures apart.
  const { tauC } = report.metrics.find(({ metric }) => metric === "BLEU-1")!;
  expect(tauC!.low).toBeLessThan(tauC!.high);
  expect(page).toContain("30 captions of 6 pictures; 6 more are among their picture’s references, and left out.");
});

test("Flickr8k's crowd: shares of Yes, and no word on raters whom nobody knows", async () => {
  const { report, page } = await reported(
    "CrowdFlowerAnnotations.txt",
    shown((image, id, near) => [image, id, ...(near ? [1, 3, 0] : ["0.25", 1, 3])].join("\t")),
  );
  expect(report).toMatchObject({ items: 30, judgments: 6 * 3 + 24 * 4, raters: [] });
  expect(report.agreement[0]!.alpha.nominal!.value).toBeGreaterThan(0);
  expect(page).not.toMatch(/<h2>Raters|>raters</);
});

test("a report is not written over what it is made of, and one without any judgment left says why", async () => {
  const out = join(folder, "own");
  const file = join(out, "report.csv");
  const text = "image,caption,rater,score\ndog.jpg,a dog,ann,1\n";
  mkdirSync(out);
  writeFileSync(file, text);
  const { judgments, source } = await readForeignJudgments(file);
  const options = { resamples: 10, seed: 1 };
  await expect(reportJudgments(judgments, source, { ...options, out, read: [file] })).rejects.toMatchObject({
    code: "ARGUMENT",
    message: `the report would be written over "${file}", which is read: name another place for it`,
  });
  expect(readFileSync(file, "utf8")).toBe(text);
  await expect(reportJudgments(judgments, source, { ...options, exclude: ["ann"] })).rejects.toMatchObject({
    code: "ARGUMENT",
    message: 'without "ann" there is no judgment: leave fewer raters out',
  });
});

test("judgments that are missing or there twice are told with the file and its lines", async () => {
  const file = join(folder, "twice.csv");
  const head = "image,caption,rater,score\n";
  writeFileSync(file, `${head}dog.jpg,a dog,ann,1\ndog.jpg,a cat,ann,1\ndog.jpg,a dog,ann,2\n`);
  await expect(readForeignJudgments(file)).rejects.toMatchObject({
    code: "DATA_FORMAT",
    message: `${file}: line 4: "ann" judged "a dog" of "dog.jpg" in line 2 already: leave one out`,
  });
  writeFileSync(file, head);
  await expect(readForeignJudgments(file)).rejects.toMatchObject({
    code: "DATA_EMPTY",
    message: `"${file}" has no judgment to report on: name a file with a line for each`,
  });
});

test("Flickr8k's own files without the data set are refused with what to add", async () => {
  const file = join(folder, "ExpertAnnotations.txt");
  writeFileSync(file, "dog.jpg\tcat.jpg#0\t1\t1\t1\n");
  await expect(readForeignJudgments(file)).rejects.toMatchObject({
    code: "ARGUMENT",
    message: expect.stringContaining("--data"),
  });
});
