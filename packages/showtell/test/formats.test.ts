// docs/formats.md, held against files that the code has just written: the page's schemas, closed, must describe every field.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  buildNeighbours,
  defaultEvaluation,
  evaluateCaptioners,
  loadCaptioner,
  openSession,
  trainCaptioner,
} from "showtell/node";
import type { Evaluation, NodeCaptionOptions } from "showtell/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { sha256Hex } from "../src/base/bytes.ts";
import { seededRandom } from "../src/base/random.ts";
import { bytesOf } from "../src/base/tensor.ts";
import { readBundle } from "../src/bundle/bundle.ts";
import type { Calibration } from "../src/bundle/calibration.ts";
import { canonicalJson } from "../src/bundle/identity.ts";
import { manifestKey } from "../src/bundle/manifest.ts";
import { captionJson } from "../src/cli/caption-json.ts";
import { decoderKinds, decoderNamed, decoderOf } from "../src/models/catalogue.ts";
import type { DecoderSpec } from "../src/models/catalogue.ts";
import { decoderChoices } from "../src/models/decoder-options.ts";
import { lockFileName, lockFolder } from "../src/node/lock.ts";
import { addParaphrases } from "../src/node/paraphrase-table.ts";
import { reportFiles } from "../src/node/evaluation-report.ts";
import { deviceFiles } from "../src/node/page-files.ts";
import { adaptationFiles, runFiles } from "../src/node/training-run.ts";
import { saveFeedback } from "../src/store/feedback.ts";
import { openStore } from "../src/store/store.ts";
import { readSafetensors } from "../src/safetensors/read.ts";
import { showtell } from "./cli/run.ts";
import { wheelEncoders } from "./groups.ts";
import { confidenceOf } from "../src/caption/confidence.ts";
import { fitCalibration } from "../src/evaluate/calibration.ts";
import { rowConfidence } from "../src/evaluate/row-confidence.ts";
import { fileOf } from "./bundle/tiny-decoder.ts";
import { writeTinyModel } from "./cli/tiny-model.ts";
import { colourRun, writeColourData } from "./node/training-fixture.ts";
import { modelShips, root } from "./source-files.ts";
import { studyDocuments } from "./study-fixture.ts";

type Schema = Record<string, unknown>;

const page = readFileSync(join(root, "docs/formats.md"), "utf8").replaceAll("\r\n", "\n");
const blocks = [...page.matchAll(/^<!-- schema: ([\w-]+) -->\n```json\n([\s\S]*?)^```$/gm)];
const schemas = Object.fromEntries(blocks.map(([, name, text]) => [name!, JSON.parse(text!) as Schema]));

/** What a reference of one block to another names. */
function referred({ $ref }: Schema): string | undefined {
  return typeof $ref === "string" ? /^#\/\$defs\/([\w-]+)$/.exec($ref)?.[1] : undefined;
}

/** An object schema with the properties of those that it builds on, so that it can be closed as a whole. */
function joined(schema: Schema): Schema {
  const { allOf, ...own } = schema as { allOf?: readonly Schema[] } & Schema;
  const parts = [...(allOf ?? []).map((part) => joined(schemas[referred(part)!]!)), own];
  return {
    ...own,
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)) as Schema,
    required: parts.flatMap(({ required }) => (required as string[] | undefined) ?? []),
  };
}

/** The schema with every object in it closed to further properties. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const schema = value as Schema;
  const own = schema["type"] === "object" && "properties" in schema ? joined(schema) : schema;
  const inner = Object.fromEntries(Object.entries(own).map(([key, entry]) => [key, closed(entry)]));
  return own === schema ? inner : { additionalProperties: false, ...inner };
}

/** Whatever in a schema is required of an object that does not say what it is: no value would show that. */
function strangeRequirements(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(strangeRequirements);
  if (typeof value !== "object" || value === null) return [];
  const { properties, required, ...rest } = value as { properties?: Schema; required?: readonly string[] } & Schema;
  const own = (properties && required?.filter((name) => !(name in properties))) ?? [];
  return [...own, ...strangeRequirements(Object.values({ ...rest, ...properties }))];
}

const $defs = closed(schemas) as Record<string, z.core.JSONSchema.JSONSchema>;

/** What is wrong with a value according to the page; empty if nothing is. */
function flaws(name: string, value: unknown): readonly string[] {
  const { success, error } = z.fromJSONSchema({ $defs, $ref: `#/$defs/${name}` }).safeParse(value);
  return success ? [] : error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** Files as the page describes them: the name of a schema, and values that were written or are read. */
const samples = new Map<string, unknown[]>();

function collect(name: string, ...values: unknown[]): void {
  samples.set(name, [...(samples.get(name) ?? []), ...values]);
}

let folder: string;

const read = (...path: string[]): Buffer => readFileSync(join(folder, ...path));
const json = (...path: string[]): unknown => JSON.parse(read(...path).toString());

function lines(text: string): unknown[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

function collectSafetensors(name: string, bytes: Uint8Array): void {
  const { tensors, metadata } = readSafetensors(bytes);
  expect(Object.keys(metadata)).toEqual([manifestKey]);
  collect(name, JSON.parse(metadata[manifestKey]!));
  if (name !== "manifest") return;
  const shapes = [...tensors].map(([tensor, { dtype, shape }]) => [tensor, { dtype, shape }] as const);
  collect("bundle-tensors", Object.fromEntries(shapes));
}

const shipped = (name: string): Buffer => readFileSync(join(root, "packages/showtell/models", name));
const encoderFile = shipped("resnet50-int8.safetensors");

async function collectTrainingRun(): Promise<void> {
  await writeColourData(folder);
  const request = colourRun(folder, "run", { rules: ["digits"], views: ["plain", "flipped"] });
  const schedule = { kind: "cosine", peak: 0.02, warmup: 2, floor: 0.1 } as const;
  await trainCaptioner({
    ...request,
    training: { ...request.training, schedule, epochs: 2, selectFirst: 4, averaging: 0.9, scheduledSampling: 0.1 },
  });
  const models = join(folder, "run", runFiles.best);
  const distil = { models, share: 0.5, captions: 2, consensus: 3 };
  const taught = colourRun(folder, "taught", { rules: ["digits"], distil, attributes: 3 });
  const wordDistillation = { share: 0.5, width: 4 };
  await trainCaptioner({ ...taught, training: { ...taught.training, epochs: 1, wordDistillation } });
  collect("taught-line", ...lines(read("taught", runFiles.taught).toString()));
  collectSafetensors("manifest", read("taught", runFiles.best));
  collect("run", json("run", runFiles.description), json("taught", runFiles.description));
  const histories = ["run", "taught"].flatMap((name) => lines(read(name, runFiles.history).toString()));
  collect("history-line", ...histories);
  collect("sample-line", ...lines(read("run", runFiles.samples).toString()));
  collectSafetensors("manifest", read("run", runFiles.best));
  collectSafetensors("checkpoint", read("run", runFiles.last));
  collect("caption-line", ...lines(read("captions.jsonl").toString()));
  const [cache, flipped] = readdirSync(join(folder, "features")).toSorted((a, b) => b.localeCompare(a));
  collect("features", json("features", cache!, "features.json"), json("features", flipped!, "features.json"));
  collect("features-index-line", ...lines(read("features", cache!, "features.index.jsonl").toString()));
}

/** A run that goes on from the first one's model, on the same data and besides. */
async function collectAdaptation(): Promise<void> {
  const old = { data: join(folder, "captions.jsonl"), images: join(folder, "images"), share: 0.5, mostForgotten: 10 };
  const request = colourRun(folder, "adapted", { init: join(folder, "run", runFiles.best), old });
  await trainCaptioner({ ...request, training: { ...request.training, epochs: 1, select: "loss" } });
  collect("run", json("adapted", runFiles.description));
  collect("adaptation", json("adapted", adaptationFiles.report));
  collectSafetensors("manifest", read("adapted", runFiles.best));
}

async function collectEvaluation(): Promise<void> {
  const evaluation = await evaluateCaptioners({
    ...defaultEvaluation,
    data: join(folder, "captions.jsonl"),
    images: join(folder, "images"),
    split: "dev",
    models: [join(folder, "run", runFiles.best)],
    cache: join(folder, "features"),
    out: join(folder, "report"),
    consensus: 3,
    threads: 1,
    resamples: 10,
  });
  collect("evaluation", evaluation);
  collect("report", json("report", reportFiles.data));
}

/** A plan of one run more than the training run that is there, its records and its table. */
async function collectComparison(): Promise<void> {
  const plan = readFileSync(join(root, "packages/showtell/test/cli/tiny-plan.yaml"), "utf8");
  writeFileSync(join(folder, "plan.yaml"), plan.replace("seeds: [1, 2]", "seeds: [1]"));
  collect("plan", parseYaml(plan));
  const plans = join(root, "docs/results/plans");
  for (const name of readdirSync(plans)) collect("plan", parseYaml(readFileSync(join(plans, name), "utf8")));
  const data = ["--data", "captions.jsonl", "--images", "images", "--records", "records", "--out", "compared"];
  const environment = { SHOWTELL_CACHE: join(folder, "cache") };
  const { stdout } = await showtell(["compare", "plan.yaml", ...data, "--json"], { cwd: folder, environment });
  collect("comparison", JSON.parse(stdout));
  const files = readdirSync(join(folder, "records")).filter((name) => name.endsWith(".json"));
  collect("run-record", ...files.map((name) => json("records", name)));
}

async function collectStudies(): Promise<void> {
  const [data, images] = [join(folder, "captions.jsonl"), join(folder, "images")];
  const models = [join(folder, "run", runFiles.best), "human"];
  const documents = await studyDocuments({ data, images, split: "all", models }, join(folder, "store"));
  for (const [name, values] of Object.entries(documents)) collect(name, ...values);
}

/** Writes a tiny model that a fit of drawn captions has calibrated. */
async function writeCalibratedModel(path: string): Promise<void> {
  await writeTinyModel(path);
  const { manifest, decoder } = readBundle(readFileSync(path), path);
  const random = seededRandom(1);
  const outcomes = Array.from({ length: 40 }, () => ({
    caption: { score: random.normal(), tokenLogProbabilities: [-random.uniform(), -random.uniform()] },
    score: random.uniform(),
  }));
  const calibration: Calibration = {
    decoder: decoder!.manifest.identity,
    metric: "CIDEr-D",
    threshold: 0.5,
    beam: 3,
    data: { name: "drawn", split: "dev", pictures: outcomes.length },
    ...fitCalibration(outcomes, 0.5),
  };
  writeFileSync(path, fileOf({ manifest: { ...manifest, calibration }, decoder: decoder! }));
  // What an evaluation says of such a model, on its own pictures and on others.
  const [evaluation] = samples.get("evaluation") as [Evaluation];
  for (const split of ["dev", "test"]) {
    const judged = outcomes.map(({ caption, score }) => ({
      confidence: confidenceOf(calibration, caption),
      score,
      hash: "0".repeat(64),
    }));
    const confidence = rowConfidence(calibration, { name: "drawn", split }, judged)!;
    collect("evaluation", { ...evaluation, rows: [{ ...evaluation.rows[0]!, confidence }] });
  }
  collect("calibration", readBundle(readFileSync(path), path).manifest.calibration);
}

/** The lines of a steered caption with its tokens, and of one that was abstained from. */
async function collectSteeredAndAbstained(model: string, picture: string): Promise<void> {
  const captioner = await loadCaptioner({ model, threads: 1 });
  const lineOf = async (options: NodeCaptionOptions, tokens: boolean): Promise<unknown> => {
    const outcome = { name: picture, result: await captioner.caption(picture, options) };
    return JSON.parse(JSON.stringify(captionJson(outcome, { tokens, abstainBelow: options.abstainBelow }))) as unknown;
  };
  collect(
    "caption-output-line",
    await lineOf({ must: ["dog"], candidates: 2 }, true),
    await lineOf({ abstainBelow: 1 }, false),
  );
  await captioner.dispose();
}

async function collectCaptions(): Promise<void> {
  const model = join(folder, "tiny.safetensors");
  const results = join(folder, "results.json");
  await writeCalibratedModel(model);
  writeFileSync(join(folder, "broken.jpg"), "no picture");
  const pictures = [join(folder, "images", "red-dev.png"), join(folder, "broken.jpg")];
  const main = join(root, "packages/showtell/dist/cli/main.js");
  const options = ["--model", model, "--json", "--candidates", "2", "--results", results];
  const run = promisify(execFile)(process.execPath, [main, "caption", ...options, ...pictures]);
  // The broken picture makes its exit status 1.
  const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
  collect("caption-output-line", ...lines(stdout));
  await collectSteeredAndAbstained(model, pictures[0]!);
  collect("results", json("results.json"));
}

/** A table of the training pictures, and the line of a caption that was held against it. */
async function collectNeighbours(): Promise<void> {
  const [model, table] = [join(folder, "tiny.safetensors"), join(folder, "neighbours.safetensors")];
  const [data, images, cache] = ["captions.jsonl", "images", "features"].map((name) => join(folder, name));
  await buildNeighbours({ model, data: data!, images, split: "train", out: table, cache, openSession });
  const { metadata, tensors } = readSafetensors(readFileSync(table));
  const matching = ["bias", "list", "picture", "sharpness", "words"].map((part) => `matcher.${part}`);
  expect([Object.keys(metadata), [...tensors.keys()].toSorted()]).toEqual([
    ["neighbours"],
    [...matching, "pictures", "vectors"],
  ]);
  collect("neighbours", JSON.parse(metadata["neighbours"]!));
  collect("neighbour-picture", ...lines(Buffer.from(tensors.get("pictures")!.data as Uint8Array).toString()));
  const captioner = await loadCaptioner({ model, threads: 1, neighbours: table });
  const picture = join(folder, "images", "red-dev.png");
  const outcome = { name: picture, result: await captioner.caption(picture, { neighbours: 2 }) };
  const line = captionJson(outcome, { tokens: false, abstainBelow: undefined });
  collect("caption-output-line", JSON.parse(JSON.stringify(line)));
  await captioner.dispose();
}

async function collectScores(): Promise<void> {
  const captions = { "a.jpg": "a red square", "b.jpg": "a blue square" };
  writeFileSync(join(folder, "scored.json"), JSON.stringify(captions));
  const references = Object.entries(captions).map(([id, caption]) => [id, [`there is ${caption}`, "a square"]]);
  writeFileSync(join(folder, "references.json"), JSON.stringify(Object.fromEntries(references)));
  const scored = ["--hypotheses", "scored.json"];
  for (const hypotheses of [scored, [...scored, ...scored]]) {
    const options = ["--references", "references.json", "--json", "--per-image", "each.jsonl"];
    const { stdout } = await showtell(["score", ...hypotheses, ...options], { cwd: folder });
    collect("scores", JSON.parse(stdout));
  }
  collect("image-scores-line", ...lines(read("each.jsonl").toString()));
}

async function collectFeedback(): Promise<void> {
  const store = await openStore(join(folder, "store"));
  const model = sha256Hex("a model");
  const picture = { mediaType: "image/png", bytes: Uint8Array.of(1) };
  saveFeedback(store, { key: "a", model, caption: "a dog", thumb: "down", edited: "a cat" }, picture);
  store.close();
  const { stdout } = await showtell(["feedback", "list", "--store", "store", "--json"], { cwd: folder });
  collect("feedback-line", ...lines(stdout));
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-formats-"));
  collectSafetensors("manifest", encoderFile);
  if (modelShips) collectSafetensors("manifest", shipped("flickr8k.safetensors"));
  const { words, absent, ...texts } = readSafetensors(shipped("glove-6b-100d-flickr8k.safetensors")).metadata;
  collect("vector-table", { ...texts, words: JSON.parse(words!) as unknown, absent: JSON.parse(absent!) as unknown });
  for (const kind of wheelEncoders) collect("weight-places", JSON.parse(shipped(`${kind}.weights.json`).toString()));
  const lock = await lockFolder(folder);
  collect("lock", json(lockFileName));
  await lock.release();
  await collectTrainingRun();
  await collectAdaptation();
  await collectEvaluation();
  await collectComparison();
  await collectStudies();
  await collectCaptions();
  await collectScores();
  await collectFeedback();
  await collectNeighbours();
  const taught = ["tiny.safetensors", "neighbours.safetensors"].map((name) => join(folder, name));
  for (const request of [{}, { model: taught[0]!, neighbours: taught[1]! }]) {
    const place = (await deviceFiles({ service: true, ...request })).get("page.json");
    collect("page", JSON.parse((place as { readonly text: string }).text));
  }
  writeFileSync(join(folder, "table.txt"), "0.5\na lot of\nmany\n");
  const cache = { environment: { SHOWTELL_CACHE: join(folder, "cache") } };
  const { file } = await addParaphrases({ from: join(folder, "table.txt"), anyTable: true, ...cache });
  collect("paraphrase-table", readSafetensors(readFileSync(file)).metadata);
}, 300_000);

afterAll(() => rmSync(folder, { recursive: true }));

/** Every way to add one more field to an object somewhere in a value. */
function* withOneMore(value: unknown): Generator {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield { ...value, undescribed: 1 };
  // One item speaks for a long list of numbers or words.
  const entries = Object.entries(value).slice(0, 200);
  for (const [key, inner] of entries) {
    for (const changed of withOneMore(inner)) {
      yield Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed };
    }
  }
}

/** All schemas that are needed to follow some. */
function reached(names: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const name = referred(value as Schema);
    if (name !== undefined) follow(name);
    Object.values(value).forEach(visit);
  };
  const follow = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    visit(schemas[name]);
  };
  for (const name of names) follow(name);
  return found;
}

test("no schema requires a property that it does not describe", () => {
  expect(strangeRequirements($defs)).toEqual([]);
});

describe("docs/formats.md", () => {
  test("describes every field of what is written", () => {
    const wrong = [...samples].flatMap(([name, values]) =>
      values.flatMap((value) => flaws(name, value).map((flaw) => `${name}: ${flaw}`)),
    );
    expect(wrong).toEqual([]);
  });

  test("would not pass a field more, wherever it stood", () => {
    const passed = [...samples].flatMap(([name, values]) =>
      values.slice(0, 3).flatMap((value) => {
        const changes = [...withOneMore(value)];
        expect(changes.length, name).toBeGreaterThan(0);
        return changes.filter((changed) => flaws(name, changed).length === 0).map((changed) => [name, changed]);
      }),
    );
    expect(passed).toEqual([]);
  });

  test("has no schema that no file was held against, and no reference that leads nowhere", () => {
    expect([...reached(samples.keys())].toSorted()).toEqual(Object.keys(schemas).toSorted());
    expect(Object.keys(schemas)).toHaveLength(blocks.length);
  });

  test("was held against both kinds of caption lines and all kinds of history lines", () => {
    const captions = samples.get("caption-output-line") as readonly object[];
    expect(captions.map((line) => "error" in line)).toEqual([false, true, false, false, false]);
    expect(captions.map((line) => "tokens" in line)).toEqual([false, false, true, false, false]);
    expect(captions.map((line) => "abstained" in line)).toEqual([false, false, false, true, false]);
    expect(captions.map((line) => "neighbours" in line)).toEqual([false, false, false, false, true]);
    const kinds = samples.get("history-line")!.map((line) => (line as { kind: string }).kind);
    expect(kinds).toEqual(["start", "epoch", "epoch", "end", "start", "attributes", "epoch", "end"]);
    expect(samples.get("lock")).toMatchObject([{ pid: process.pid, host: hostname() }]);
  });

  test("names the files of a training run", () => {
    const rows = [...page.matchAll(/^\| (`[^|]+`) \| [^|]+ \|$/gm)].flatMap(([, names]) => names!.split(", "));
    const written = new Set(["run", "taught"].flatMap((run) => readdirSync(join(folder, run))));
    for (const name of written) expect(rows).toContain(`\`${name}\``);
    expect([...written].toSorted()).toEqual(Object.values(runFiles).toSorted());
    for (const name of Object.values(adaptationFiles)) expect(rows).toContain(`\`${name}\``);
  });
});

/** Whether a row's condition holds for the choices that were made; of what nobody chose, the first is meant. */
function holds(condition: string, choices: Readonly<Record<string, string>>): boolean {
  if (condition === "") return true;
  return condition.split("; ").every((part) => {
    const [, name, values] = /^`(\w+)` (.+)$/.exec(part)!;
    return values!.split(", ").includes(choices[name!]!);
  });
}

/** The shapes in the page's table, for a specification and the choices that led to it. */
function describedShapes(spec: DecoderSpec, choices: Readonly<Record<string, string>>): Record<string, number[]> {
  const { words: V, embeddingSize: E, hiddenSize: H, vectorSize } = spec;
  const own = spec as { readonly attentionSize?: number; readonly forwardSize?: number; readonly layers?: number };
  const [C, P] = [spec.features.at(-1)!, Math.ceil(V / 64) * 64];
  const { attentionSize: A = H, forwardSize: F = H, layers = 0 } = own;
  const D = spec.attributes?.length ?? 0;
  const units: Record<string, number> = { V, E, H, A, C, P, F, D, "`vectorSize`": vectorSize };
  const size = (text: string): number =>
    text.split(" ").reduce((product, factor) => product * (units[factor] ?? Number(factor)), 1);
  const [, section] = page.split(`#### ${spec.kind}\n`);
  const rows = [...section!.split("\n#")[0]!.matchAll(/^\| `(\w+\.\w+)` \| \[(.+)\] \| (.*?) ?\|$/gm)];
  return Object.fromEntries(
    rows.flatMap(([, name, shape, condition]) => {
      if (!holds(condition!, choices)) return [];
      const names = name!.startsWith("layerN.")
        ? Array.from({ length: layers }, (_, i) => name!.replace("layerN", `layer${i + 1}`))
        : [name!];
      return names.map((each) => [each, shape!.split(", ").map(size)]);
    }),
  );
}

/** Every way to choose among the options that a decoder takes. */
function choicesOf(takes: readonly string[]): readonly Readonly<Record<string, string>>[] {
  return Object.entries(decoderChoices)
    .filter(([name]) => takes.includes(name))
    .reduce<readonly Readonly<Record<string, string>>[]>(
      (all, [name, values]) => all.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value }))),
      [{}],
    );
}

describe("of decoders, the page says what the catalogue does (else: node scripts/generate-decoder-formats.mjs):", () => {
  test.each(decoderKinds)("the specification of %s", (kind) => {
    const { $schema: _, ...schema } = z.toJSONSchema(decoderNamed(kind).schema);
    expect(schemas[kind]).toEqual(schema);
    expect(schemas["decoder-kind"]).toEqual({ enum: decoderKinds });
    expect(schemas["decoder-spec"]).toEqual({ oneOf: decoderKinds.map((each) => ({ $ref: `#/$defs/${each}` })) });
  });

  test.each(decoderKinds)("the tensors of %s", (kind) => {
    const decoder = decoderNamed(kind);
    const features = decoder.layer === "pooled" ? [2048] : [49, 2048];
    for (const [vectorSize, attributes] of [
      [16, undefined],
      [20, [8, 4, 6]],
    ] as const) {
      for (const choices of choicesOf(decoder.takes)) {
        const sizes = { features, words: 70, embeddingSize: 16, vectorSize, vectors: "random", attributes } as const;
        const { dropout } = decoder.recipe;
        const spec = decoder.specOf(sizes, { hiddenSize: 24, attentionSize: 12, dropout, ...choices });
        const parameters = Object.entries(decoder.parameters(spec));
        expect(
          describedShapes(spec, {
            ...choices,
            ...(attributes ? { vectorSize: "not E", attributes: "some" } : { vectorSize: "E", attributes: "none" }),
          }),
        ).toEqual(Object.fromEntries(parameters.map(([name, { shape }]) => [name, shape])));
      }
    }
  });
});

describe("tensors are what the page says", () => {
  test("of a checkpoint", () => {
    const { spec } = readBundle(read("run", runFiles.best), "best").decoder!.manifest;
    const { tensors } = readSafetensors(read("run", runFiles.last));
    const names = Object.keys(decoderOf(spec).parameters(spec));
    // The run keeps averages of its weights.
    const prefixes = ["", "adam.first.", "adam.second.", "average."];
    const described = names.flatMap((name) => prefixes.map((prefix) => `${prefix}${name}`));
    expect([...tensors.keys()].toSorted()).toEqual(described.toSorted());
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["float32"]));
  });

  test("of a feature cache: rows after each other, each with its checksum", () => {
    const [cache] = readdirSync(join(folder, "features"));
    const { shape } = json("features", cache!, "features.json") as { shape: number[] };
    const rows = lines(read("features", cache!, "features.index.jsonl").toString());
    expect(read("features", cache!, "features.f16")).toHaveLength(rows.length * shape[0]! * 2);
    expect(rows).toHaveLength(12);
  });
});

function sha256(...parts: readonly (string | Uint8Array)[]): string {
  return parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");
}

describe("hashes are computed as the page says", () => {
  test("the name of a feature cache's folder", () => {
    const names = readdirSync(join(folder, "features"));
    const expected = names.map((name) => {
      const description = json("features", name, "features.json") as { readonly view?: string };
      const named = description.view === undefined ? "pooled" : `pooled-${description.view}`;
      return `${named}-${sha256(JSON.stringify(description)).slice(0, 16)}`;
    });
    expect(names).toEqual(expected);
    expect(names).toHaveLength(2);
  });

  test("the identity of an encoder and of a decoder", () => {
    const { encoder } = readBundle(encoderFile, "encoder");
    const { decoder } = readBundle(read("run", runFiles.best), "best");
    const { identity, layer } = decoder!.manifest.encoder;
    const { spec, vocabulary } = decoder!.manifest;
    for (const [{ manifest, tensors }, description] of [
      [encoder!, { preprocessing: encoder!.manifest.preprocessing, spec: encoder!.manifest.spec }],
      [decoder!, { encoder: { identity, layer }, spec, words: vocabulary.words }],
    ] as const) {
      const parts = [...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1));
      const hashed = parts.flatMap(([name, value]) => [
        `\n${name}\n${value.dtype}\n${value.shape.join()}\n`,
        bytesOf(value),
      ]);
      expect(manifest.identity).toBe(sha256(canonicalJson(description), ...hashed));
    }
  });
});
