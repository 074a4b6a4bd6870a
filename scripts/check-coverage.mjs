// Holds the lines of the core layers to their threshold, from the report that `npm test -- --coverage` leaves behind.
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const THRESHOLD = 90;

/** Modules that know their platform; all others, and caption-metrics, are core. */
const PLATFORM = new Set(["node", "web", "server", "cli"]);

const root = fileURLToPath(new URL("..", import.meta.url));
const summary = JSON.parse(readFileSync(join(root, "coverage", "coverage-summary.json"), "utf8"));

const layers = new Map();
for (const [file, { lines }] of Object.entries(summary)) {
  if (file === "total") continue;
  const [, name, , module] = relative(root, file).split(sep); // packages/<name>/src/<module>/…
  const layer = name === "showtell" ? module : name;
  const sum = layers.get(layer) ?? { covered: 0, total: 0 };
  layers.set(layer, { covered: sum.covered + lines.covered, total: sum.total + lines.total });
}

const core = { covered: 0, total: 0 };
for (const [layer, { covered, total }] of layers) {
  const platform = PLATFORM.has(layer);
  if (total > 0)
    console.log(`${layer}: ${percent(covered, total)} % of ${total} lines${platform ? " (platform)" : ""}`);
  if (platform) continue;
  core.covered += covered;
  core.total += total;
}
console.log(`core layers: ${percent(core.covered, core.total)} % of lines, ${THRESHOLD} % are asked for`);
process.exitCode = core.total > 0 && core.covered >= (THRESHOLD / 100) * core.total ? 0 : 1;

function percent(covered, total) {
  return ((100 * covered) / total).toFixed(1);
}
