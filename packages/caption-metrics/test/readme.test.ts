// The README's example runs as it stands there and prints what its comment on signatures says.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as main from "../src/index.ts";
import { VERSION } from "../src/signature.ts";
import { wordnet } from "../src/wordnet.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string };

it("shows an example that runs", () => {
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const statements = example.split("\n").filter((line) => !line.startsWith("import "));
  const printed: unknown[] = [];
  // oxlint-disable-next-line typescript/no-implied-eval
  const run = new Function("scoreCaptions", "wordnet", "console", statements.join("\n")) as (
    ...values: unknown[]
  ) => void;
  run(main.scoreCaptions, wordnet, { log: (...values: unknown[]) => printed.push(...values) });
  const [score, perImage, signature] = printed;
  expect(score).toBeGreaterThan(0);
  expect(perImage).toHaveLength(2);
  expect(readme).toContain(`(\`${signature as string}\`)`);
});

it("names only what is exported", () => {
  const table = readme.slice(readme.indexOf("## What there is"), readme.indexOf("Mistakes throw"));
  const names = [...table.matchAll(/`([a-z]\w+)(?:\(|`)/g)].map((match) => match[1] ?? "");
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !(name in main))).toEqual([]);
});

it("has one version", () => {
  expect(VERSION).toBe(manifest.version);
});
