// docs/add-a-decoder.md, done as it says: its file and its line in the list, in a copy of the sources, make a decoder that learns.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toFloat16 } from "../src/bundle/precision.ts";
import type * as catalogue from "../src/models/catalogue.ts";
import type * as training from "../src/models/training-graph.ts";
import type * as adam from "../src/nn/adam.ts";
import { openSession } from "../src/node/ort-session.ts";
import { root } from "./source-files.ts";
import { drawn, numbersOf, scalar } from "./tensors.ts";
import { tokenFeeds, steps } from "./models/teacher-forcing.ts";

const page = readFileSync(join(root, "docs/add-a-decoder.md"), "utf8").replaceAll("\r\n", "\n");
// Inside the workspace, so that the copy finds the same libraries.
const copy = join(root, ".tmp", "add-a-decoder", "src");

/** A block of the page, by the comment in front of it. */
function blockOf(kind: "file" | "change"): { readonly path: string; readonly text: string } {
  const [, path, text] = new RegExp(`<!-- ${kind}: (\\S+) -->\\n\`\`\`\\w+\\n([\\s\\S]*?)^\`\`\``, "m").exec(page)!;
  return { path: path!, text: text! };
}

/** The lines marked + put in behind the line that stands before them. */
function applied(source: string, change: string): string {
  const lines = source.split("\n");
  let at = -1;
  for (const line of change.trimEnd().split("\n")) {
    if (line.startsWith("+")) {
      lines.splice(++at, 0, line.slice(1));
    } else {
      at = lines.indexOf(line.slice(1));
      expect(at, `the list has the line "${line.slice(1)}"`).toBeGreaterThanOrEqual(0);
    }
  }
  return lines.join("\n");
}

beforeAll(() => {
  rmSync(dirname(copy), { recursive: true, force: true });
  mkdirSync(copy, { recursive: true });
  cpSync(join(root, "packages/showtell/src"), copy, { recursive: true });
  const [file, change] = [blockOf("file"), blockOf("change")];
  writeFileSync(join(copy, file.path), file.text);
  const path = join(copy, change.path);
  writeFileSync(path, applied(readFileSync(path, "utf8"), change.text));
});

afterAll(() => rmSync(dirname(copy), { recursive: true, force: true }));

function load<T>(path: string): Promise<T> {
  return import(pathToFileURL(join(copy, path)).href) as Promise<T>;
}

test("the example is a decoder of the catalogue, and its loss falls to nothing on what it is taught", async () => {
  const { decoderKinds, decoderNamed } = await load<typeof catalogue>("models/catalogue.ts");
  const { trainingGraph } = await load<typeof training>("models/training-graph.ts");
  const { adamScalarNames, adamScalars, momentNames } = await load<typeof adam>("nn/adam.ts");
  const kind = "bag-of-words" as (typeof decoderKinds)[number];
  expect(decoderKinds).toContain(kind);
  const decoder = decoderNamed(kind);
  const sizes = { features: [12], words: 17, embeddingSize: 10, vectorSize: 10, vectors: "random" } as const;
  const spec = decoder.specOf(sizes, { hiddenSize: 24, dropout: { features: 0, input: 0, output: 0 } });
  expect(decoder.schema.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);

  const rows = 3;
  const { model, replaced } = trainingGraph(spec, { images: rows, lengths: [steps] }, { adam: {}, smoothing: 0 });
  const session = await openSession(model, { threads: 1 });
  let learned = Object.fromEntries(
    Object.entries(decoder.parameters(spec)).flatMap(([name, { shape }]) => [
      [name, drawn(shape, name, 0.3)],
      ...momentNames(name).map((moment) => [moment, drawn(shape, moment, 0)] as const),
    ]),
  );
  expect(replaced.toSorted()).toEqual(Object.keys(learned).toSorted());
  const losses: number[] = [];
  for (let step = 1; step <= 150; step++) {
    const scalars = adamScalars(step, 0.02, {}).map((value, i) => [adamScalarNames[i]!, scalar(value)]);
    const fed = Object.fromEntries(scalars) as Record<string, ReturnType<typeof scalar>>;
    const results = await session.run({
      ...learned,
      ...fed,
      ...tokenFeeds(rows),
      features: toFloat16(drawn([rows, 12], "seen")),
    });
    losses.push(numbersOf(results["loss"])[0]! / (rows * steps));
    learned = Object.fromEntries(replaced.map((name) => [name, results[`next.${name}`] as (typeof learned)[string]]));
  }
  await session.dispose();
  expect(losses[0]).toBeGreaterThan(1);
  expect(losses.at(-1)).toBeLessThan(0.1);
});
