// `showtell neighbours build`, and what `caption --json` and the service tell with its table, from end to end with a tiny decoder.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { loadCaptioner } from "showtell/node";
import { createService, describeModel } from "showtell/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { captionAnswer } from "../../src/server/schemas.ts";
import { writePictures } from "../node/pictures.ts";
import { pictureRequest, refusalOf } from "../server/service-fixture.ts";
import { showtell } from "./run.ts";
import type { Ended } from "./run.ts";
import { writeTinyModel } from "./tiny-model.ts";

let folder = "";
let pictures: readonly string[] = [];

const run = (...args: readonly string[]): Promise<Ended> =>
  showtell(args, { cwd: folder, environment: { SHOWTELL_CACHE: join(folder, "cache") } });

const build = (...args: readonly string[]): Promise<Ended> =>
  run("neighbours", "build", "-m", "tiny.safetensors", "--data", "captions.jsonl", "--images", "images", "-q", ...args);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-neighbours-"));
  await writeTinyModel(join(folder, "tiny.safetensors"));
  pictures = await writePictures(join(folder, "images"), 4);
  writeFileSync(join(folder, "images", "broken.jpg"), "no picture");
  const { stdout } = await run("caption", "-m", "tiny.safetensors", pictures[1]!);
  const said = stdout.trimEnd().split("\t")[1]!;
  const lines = [...pictures, "broken.jpg"].map((path, i) =>
    JSON.stringify({ image: basename(path), captions: [`picture ${i}`, said], split: i === 3 ? "dev" : "train" }),
  );
  writeFileSync(join(folder, "captions.jsonl"), `${lines.join("\n")}\n`);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a table is not written over what it is made of", async () => {
  for (const own of ["captions.jsonl", "tiny.safetensors", join("images", basename(pictures[0]!))]) {
    const before = readFileSync(join(folder, own));
    const { status, stderr } = await build("-o", own);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^error ARGUMENT: the table of neighbours would be/)]);
    expect(readFileSync(join(folder, own)).equals(before)).toBe(true);
  }
});

test("training pictures are found by their look, and copies by their words, in the command and the service", async () => {
  const built = await build("-o", "table.safetensors", "--json");
  // The broken picture is named and left out.
  expect(built.status).toBe(1);
  expect(built.stderr).toMatch(/^error IMAGE_FORMAT: .*broken\.jpg/);
  expect(JSON.parse(built.stdout)).toMatchObject({
    pictures: 3,
    captions: 6,
    channels: 2048,
    layer: "pooled",
    matcherWords: 0,
  });

  const asked = ["caption", "-m", "tiny.safetensors", "--json", "--neighbours", "table.safetensors"];
  const { status, stdout } = await run(...asked, pictures[1]!);
  expect(status).toBe(0);
  const line = JSON.parse(stdout) as { copies: number; neighbours: { image: string; similarity: number }[] };
  expect(line.copies).toBe(3);
  expect(line.neighbours).toHaveLength(3);
  expect(line.neighbours[0]).toMatchObject({
    image: basename(pictures[1]!),
    captions: ["picture 1", expect.any(String)],
  });
  expect(line.neighbours[0]!.similarity).toBeGreaterThan(0.999);
  expect(line.neighbours[1]!.similarity).toBeLessThan(line.neighbours[0]!.similarity);

  const paths = { model: join(folder, "tiny.safetensors"), neighbours: join(folder, "table.safetensors") };
  const captioner = await loadCaptioner({ ...paths, threads: 1 });
  const service = createService({
    captioner,
    model: await describeModel(paths.model),
    limits: { deadlineMs: 300_000 },
  });
  const bytes = Uint8Array.from(readFileSync(pictures[1]!));
  const response = await service.fetch(pictureRequest(bytes, { query: "?neighbours=1" }));
  const [result] = captionAnswer.parse(await response.json()).results;
  expect(result).toMatchObject({ copies: 3, neighbours: [line.neighbours[0]] });
  await captioner.dispose();
});

test("training pictures that look alike vote on captions, with and without --json", async () => {
  const candidates = async (...args: readonly string[]): Promise<{ caption: string; consensus?: number }[]> => {
    const { stdout } = await run("caption", pictures[1]!, "--json", "--candidates", "6", ...args);
    return (JSON.parse(stdout) as { candidates: { caption: string }[] }).candidates;
  };
  const wanted = (await candidates("-m", "tiny.safetensors")).at(-1)!.caption;
  // All pictures of the table say so, twice; of those whose references weigh words, one does.
  const linesOf = (captions: readonly (readonly string[])[]): string =>
    captions
      .map((own, i) => JSON.stringify({ image: basename(pictures[i]!), captions: own, split: "train" }))
      .join("\n");
  writeFileSync(join(folder, "voters.jsonl"), linesOf([0, 1, 2].map(() => [wanted, wanted])));
  writeFileSync(join(folder, "weights.jsonl"), linesOf([["picture 0"], [wanted], ["picture 2"]]));
  const table = ["-m", "tiny.safetensors", "--data", "voters.jsonl", "--images", "images", "-o", "voters.safetensors"];
  expect(await run("neighbours", "build", ...table)).toMatchObject({ status: 0 });
  const packed = ["tiny.safetensors", "--no-encoder", "--references", "weights.jsonl", "--out", "voted.safetensors"];
  expect(await run("bundle", "pack", ...packed)).toMatchObject({ status: 0 });

  const asked = ["-m", "voted.safetensors", "--neighbours", "voters.safetensors"];
  const voting = [...asked, "--consensus", "6", "--consensus-voters", "neighbours"];
  const { status, stdout } = await run("caption", pictures[1]!, ...voting);
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${pictures[1]!}\t${wanted}\n` });
  const [first, second] = await candidates(...voting);
  expect(first).toMatchObject({ caption: wanted, consensus: expect.closeTo(10, 6) as number });
  expect(second!.consensus).toBeLessThan(10);
  // All words were said six times, which is enough to learn them; but of every picture alike.
  const matching = [...asked, "--consensus", "6", "--consensus-voters", "neighbours-and-matcher"];
  expect((await candidates(...matching))[0]).toEqual(first);
  const foretold = await run("caption", pictures[1]!, ...asked, "--neighbour-words", "3");
  expect(foretold).toMatchObject({ status: 0, stdout: `${pictures[1]!}\t${wanted}\n` });
  const unnamed = await run("caption", pictures[1]!, "-m", "voted.safetensors", "--neighbour-words", "3");
  expect(unnamed).toMatchObject({ status: 2, stderr: expect.stringContaining("--neighbours") as string });
  const unvoted = await run("caption", pictures[1]!, ...asked);
  expect(unvoted).toMatchObject({ status: 2, stderr: expect.stringContaining("--consensus-voters") as string });
});

test("what can't be done is said: a model as table, a split that is not there, a folder that is not there, no --json", async () => {
  const asked = ["caption", pictures[0]!, "-m", "tiny.safetensors", "--neighbours"];
  const other = await run(...asked, "tiny.safetensors", "--json");
  expect([other.status, other.stderr]).toEqual([
    1,
    expect.stringMatching(/^error NEIGHBOURS_FORMAT: "tiny\.safetensors"/),
  ]);
  expect(await run(...asked, "tiny.safetensors")).toMatchObject({ status: 2 });
  expect((await build("-o", "x.safetensors", "--split", "test")).stderr).toMatch(/^error DATA_SPLIT/);
  expect((await build("-o", join("nowhere", "x.safetensors"))).stderr).toMatch(/^error FILE_WRITE/);

  const model = join(folder, "tiny.safetensors");
  const captioner = await loadCaptioner({ model, threads: 1 });
  const service = createService({ captioner, model: await describeModel(model), limits: { deadlineMs: 300_000 } });
  const bytes = Uint8Array.from(readFileSync(pictures[0]!));
  const refused = await refusalOf(await service.fetch(pictureRequest(bytes, { query: "?neighbours=1" })));
  expect(refused).toMatchObject({ status: 400, code: "ARGUMENT" });
  await captioner.dispose();
});
