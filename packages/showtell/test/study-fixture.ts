// A study's surroundings: a small data set with drawn pictures, a tiny model, and a served store that can be killed. Judges nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect } from "vitest";
import { draftStudy } from "showtell/node";
import type { StudyRequest } from "showtell/node";
import { reportJudgments } from "../src/node/study-report.ts";
import type { StudyDraft } from "../src/study/record.ts";
import type { Store } from "../src/store/store.ts";
import { openStore } from "../src/store/store.ts";
import { addStudy, listStudies, readStudy, saveAnswer } from "../src/store/studies.ts";
import { judgmentsOf } from "../src/study/judgments.ts";
import type { Answer } from "../src/study/questions.ts";
import { showtell } from "./cli/run.ts";
import { writeSmallModel } from "./cli/tiny-model.ts";
import { root } from "./source-files.ts";

const colours = ["red", "green", "blue", "yellow", "black", "white", "orange", "purple", "brown", "pink"];
const things = ["dog", "ball", "tree", "boat", "house", "child", "horse", "bicycle", "bird", "mountain"];

/** Writes ten pictures with two captions each, and a model; gives the paths. */
export async function writeStudyInputs(folder: string): Promise<{ data: string; model: string }> {
  mkdirSync(join(folder, "images"), { recursive: true });
  const lines: string[] = [];
  for (const [i, colour] of colours.entries()) {
    const picture = sharp({ create: { width: 96, height: 64, channels: 3, background: colour } });
    await picture.jpeg().toFile(join(folder, "images", `${i}.jpg`));
    const captions = [`A ${colour} ${things[i]} alone .`, `There stands one ${things[i]} painted ${colour} .`];
    lines.push(JSON.stringify({ image: `${i}.jpg`, captions }));
  }
  const data = join(folder, "captions.jsonl");
  writeFileSync(data, `${lines.join("\n")}\n`);
  const model = join(folder, "one.safetensors");
  await writeSmallModel(model);
  return { data, model };
}

/** What `study create --json` prints. */
export interface CreatedStudy {
  readonly study: number;
  readonly pictures: number;
  readonly tasks: number;
  readonly checks: number;
  readonly links: readonly string[];
}

/** Runs `study create` and gives what it printed. */
export async function createStudy(args: readonly string[]): Promise<CreatedStudy> {
  const { status, stdout, stderr } = await showtell(["study", "create", "--threads", "1", "--json", ...args]);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout) as CreatedStudy;
}

/** A service in a process of its own. */
export interface ServedStore {
  /** `http://127.0.0.1:PORT/`. */
  readonly url: string;
  /** Ends it as a power failure would: without a chance to finish anything. */
  kill(): Promise<void>;
}

/** Serves a store; at a port again, if it was served there before. */
export async function serveStore(store: string, model: string, port = "0"): Promise<ServedStore> {
  const main = join(root, "packages/showtell/dist/cli/main.js");
  const options = ["--store", store, "--model", model, "--port", port, "--threads", "1", "--quiet"];
  const child = spawn(process.execPath, [main, "serve", ...options], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      const [, found] = /^showtell listens at (\S+)\n/.exec(stdout) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("close", () => reject(new Error(`the service ended: ${stderr}`)));
  });
  return {
    url,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, "close");
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Some answer, not always the same. */
function answerOf(kind: "side-by-side" | "rating", place: number, rater: number): Answer {
  return kind === "rating"
    ? { kind: "ratings", ratings: { adequacy: 1 + ((place + rater) % 5), fluency: 1 + (place % 5) } }
    : { kind: "choice", choice: (["left", "right", "tie"] as const)[(place + rater) % 3]! };
}

/** Every rater of the newest study answers all that they are asked. */
function answerAll(store: Store, kind: "side-by-side" | "rating", { tasks }: StudyDraft): void {
  for (const [rater, { token }] of listStudies(store).at(-1)!.raters.entries()) {
    for (const place of tasks[rater]!.keys())
      saveAnswer(store, token, { place, answer: answerOf(kind, place, rater), ms: 1000 });
  }
}

/** What studies leave behind, by the names of docs/formats.md's schemas: one side by side, one of ratings, each answered and reported. */
export async function studyDocuments(
  request: Pick<StudyRequest, "data" | "images" | "split" | "models">,
  folder: string,
): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const store = await openStore(folder);
  try {
    const reports: unknown[] = [];
    for (const kind of ["side-by-side", "rating"] as const) {
      const draft = await draftStudy({ ...request, kind, sample: 3, raters: 2, seed: 1, allowLeak: true, threads: 1 });
      const id = addStudy(store, draft);
      answerAll(store, kind, draft);
      const record = readStudy(store, id);
      const { created, plan } = record;
      const options = { resamples: 10, seed: 1 };
      reports.push(
        await reportJudgments(judgmentsOf(record), { kind: "study", id, created, data: plan.data }, options),
      );
    }
    const column = (table: string, name: string): readonly unknown[] =>
      store.rows(`SELECT ${name} FROM ${table}`).map((row) => JSON.parse(String(row[name])) as unknown);
    return {
      "study-plan": column("study", "design"),
      "study-task": column("study_task", "task"),
      "study-answer": column("study_answer", "answer"),
      "study-report": reports,
    };
  } finally {
    store.close();
  }
}
