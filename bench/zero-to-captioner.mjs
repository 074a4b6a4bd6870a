// From raw pictures to a captioner by one command: `showtell train` with its defaults, in an empty cache. Prints how long each part took.
// Usage: node bench/zero-to-captioner.mjs FLICKR8K [--out FOLDER] [-- MORE OPTIONS OF train]
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root, setup } from "../scripts/setup.mjs";
import { describeMachine } from "./machine.mjs";
import { usage } from "./usage.mjs";

usage(import.meta.url);
setup();
const { defaultThreads } = await import("../packages/showtell/dist/node/threads.js");
const [data, ...rest] = process.argv.slice(2);
if (data === undefined) usage(import.meta.url, true);
const more = rest.includes("--") ? rest.slice(rest.indexOf("--") + 1) : [];
const folder = mkdtempSync(join(tmpdir(), "showtell-zero-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const out = rest.includes("--out") ? rest[rest.indexOf("--out") + 1] : join(folder, "run");

const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
const cli = join(root, "packages/showtell/dist/cli/main.js");
const child = spawn(process.execPath, [cli, "train", "--data", data, "--out", out, ...more], {
  env: { ...process.env, SHOWTELL_CACHE: join(folder, "cache") },
  stdio: ["ignore", "inherit", "pipe"],
});
let prepared;
for await (const line of createInterface(child.stderr)) {
  // The first line comes when all features are there and the vocabulary is counted.
  if (line.includes("training captions and")) prepared ??= seconds();
  console.error(line);
}
const status = child.exitCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
if (status !== 0) throw new Error(`showtell train ended with status ${status}`);

const events = readFileSync(join(out, "history.jsonl"), "utf8").trim().split("\n").map(JSON.parse);
const epochs = events.filter(({ kind }) => kind === "epoch");
const learning = epochs.reduce((sum, epoch) => sum + epoch.seconds, 0);
const best = epochs.findLast((epoch) => epoch.best);
const whole = seconds();
const minutes = (value) => `${(value / 60).toFixed(1)} min`;
console.log(describeMachine({ threads: defaultThreads() }));
console.log(`whole           ${minutes(whole)}`);
console.log(`features        ${minutes(prepared)} (pictures read, encoded and cached; captions tokenised)`);
console.log(`steps           ${minutes(learning)} (${epochs.length} epochs)`);
console.log(`the rest        ${minutes(whole - prepared - learning)} (dev loss and captions, checkpoints, curves)`);
console.log(
  `best epoch ${best.epoch}: dev CIDEr ${best.scores.CIDEr.toFixed(4)}, BLEU-4 ${best.scores["BLEU-4"].toFixed(4)}`,
);
