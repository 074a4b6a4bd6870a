// The service under load on the loopback interface, against the captioner in a loop over the same pictures in batches of the same size; its
// memory meanwhile; and what it does when too many come. The exit status is 1 if a bound is missed.
// Usage: node bench/serve/run.mjs [--data FOLDER] [--model BUNDLE] [--seconds 60] [--clients 8] [--crowd 64] [--pictures 64] [--warm-up 1500]
//   --data     a folder of pictures; default: the photos of examples/
//   --warm-up  pictures that are captioned before anything is measured
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { root, setup } from "../../scripts/setup.mjs";
import { describeMachine } from "../machine.mjs";
import { usage } from "../usage.mjs";

usage(import.meta.url);
setup();

const dist = "../../packages/showtell/dist";
const { defaultModel } = await import(`${dist}/node/shipped-models.js`);
const { loadCaptioner } = await import(`${dist}/node/index.js`);
const { defaultThreads } = await import(`${dist}/node/threads.js`);

const { values } = parseArgs({
  options: {
    data: { type: "string", default: join(root, "examples", "photos") },
    model: { type: "string", default: defaultModel },
    seconds: { type: "string", default: "60" },
    clients: { type: "string", default: "8" },
    crowd: { type: "string", default: "64" },
    pictures: { type: "string", default: "64" },
    "warm-up": { type: "string", default: "1500" },
  },
});
const seconds = Number(values.seconds);
/** What the figures must reach. */
const bounds = { throughput: 0.9, tail: 4, megabytesPerMinute: 1 };
const main = join(root, "packages", "showtell", "dist", "cli", "main.js");
const pictures = readdirSync(values.data, { recursive: true })
  .filter((name) => /\.(?:jpe?g|png|webp)$/i.test(name))
  .slice(0, Number(values.pictures))
  .map((name) => join(values.data, name));

console.log(describeMachine({ threads: defaultThreads() }));
const server = await start();
await warmUp();
const before = await metrics();
const memory = watchMemory(server.child.pid);
const { latencies, statuses, errors, ...run } = await load(Number(values.clients), seconds);
const { low, high, slope } = memory.stop();
const after = await metrics();
const crowd = await load(Number(values.crowd), Math.max(5, seconds / 6));
const alive = (await fetch(`${server.url}readyz`)).status === 200;
await server.stop();

const batches = after.showtell_batch_pictures_count - before.showtell_batch_pictures_count;
const batch = Math.round((after.showtell_batch_pictures_sum - before.showtell_batch_pictures_sum) / batches);
const loop = await inProcess(batch);
report();

/** Starts the service as its users do. */
async function start() {
  const args = [main, "serve", "--model", values.model, "--port", "0", "--quiet"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout.setEncoding("utf8"), "data");
  const url = /listens at (\S+)/.exec(line)[1];
  return {
    child,
    url,
    async stop() {
      child.kill("SIGTERM");
      const [status] = await once(child, "exit");
      if (status !== 0) throw new Error(`the service ended with status ${status}`);
    },
  };
}

/**
 * Until code is compiled, the engine has all its buffers, and each thread's share of the allocator has seen its largest pictures: by these
 * memory grows most (docs/measurements.md).
 */
async function warmUp() {
  const enough = (await metrics()).showtell_batch_pictures_sum + Number(values["warm-up"]);
  do await load(Number(values.clients), Math.min(5, seconds));
  while ((await metrics()).showtell_batch_pictures_sum < enough);
}

async function load(clients, time) {
  const script = fileURLToPath(new URL("clients.mjs", import.meta.url));
  const args = [script, server.url, String(clients), String(time), ...pictures];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1e9 });
  return JSON.parse(stdout);
}

/** The service's numbers by their names, those with labels left out. */
async function metrics() {
  const text = await (await fetch(`${server.url}metrics`)).text();
  return Object.fromEntries(
    [...text.matchAll(/^(\w+) ([\d.e+-]+)$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

/** Samples a process's resident memory; gives its extremes in MB and its slope in MB a minute over the last two thirds. */
function watchMemory(pid) {
  const samples = [];
  const started = performance.now();
  const sample = () => {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    samples.push([(performance.now() - started) / 60_000, Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) / 1000]);
  };
  const timer = setInterval(sample, 250);
  return {
    stop() {
      clearInterval(timer);
      const late = samples.filter(([minute]) => minute >= samples.at(-1)[0] / 3);
      const mean = (i) => late.reduce((sum, one) => sum + one[i], 0) / late.length;
      const [x, y] = [mean(0), mean(1)];
      const up = late.reduce((sum, one) => sum + (one[0] - x) * (one[1] - y), 0);
      const across = late.reduce((sum, one) => sum + (one[0] - x) ** 2, 0);
      const sizes = late.map(([, size]) => size);
      return { low: Math.min(...sizes), high: Math.max(...sizes), slope: up / across };
    },
  };
}

/** Pictures a second of the captioner itself, in batches of a size, two under way as in `captionAll`. */
async function inProcess(size) {
  const captioner = await loadCaptioner({ model: values.model });
  const bytes = pictures.map((path) => Uint8Array.from(readFileSync(path)));
  let next = 0;
  let done = 0;
  const workUntil = async (end) => {
    while (performance.now() < end) {
      const some = Array.from({ length: size }, () => bytes[next++ % bytes.length]);
      for await (const outcome of captioner.captionAll(some)) if ("result" in outcome) done++;
    }
  };
  const both = (time) => Promise.all([0, 1].map(() => workUntil(performance.now() + 1000 * time)));
  await both(Math.min(5, seconds));
  done = 0;
  const started = performance.now();
  await both(seconds / 2);
  const rate = (1000 * done) / (performance.now() - started);
  await captioner.dispose();
  return rate;
}

function quantile(sorted, share) {
  return sorted[Math.floor(share * (sorted.length - 1))];
}

function report() {
  const sorted = latencies.toSorted((a, b) => a - b);
  const rate = sorted.length / run.seconds;
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  const refused = crowd.statuses[429] ?? 0;
  const served = crowd.statuses[200] ?? 0;
  const failures = Object.keys(errors).length + Object.keys(statuses).filter((status) => status !== "200").length;
  const crowdFailures =
    Object.keys(crowd.errors).length + Object.keys(crowd.statuses).length - (refused > 0) - (served > 0);
  const lines = [
    [`${values.clients} clients: ${rate.toFixed(1)} pictures a second, ${failures} kinds of failure`, failures === 0],
    [
      `in process, batches of ${batch}: ${loop.toFixed(1)} a second; ratio ${(rate / loop).toFixed(2)}`,
      rate >= bounds.throughput * loop,
    ],
    [`clients' processor time ${run.cpuSeconds.toFixed(1)} s of ${run.seconds.toFixed(1)} s`, true],
    [`p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ratio ${(p99 / p50).toFixed(1)}`, p99 < bounds.tail * p50],
    [
      `memory between ${low.toFixed(1)} and ${high.toFixed(1)} MB in the last two thirds, and ${slope.toFixed(2)} more a minute`,
      slope <= bounds.megabytesPerMinute,
    ],
    [
      `${values.crowd} clients: ${served} served, ${refused} refused, ready afterwards: ${alive}`,
      alive && refused > 0 && crowdFailures === 0,
    ],
  ];
  for (const [line, holds] of lines) console.log(`${holds ? "  " : "✗ "}${line}`);
  if (lines.some(([, holds]) => !holds)) process.exitCode = 1;
}
