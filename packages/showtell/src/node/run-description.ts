// What a training run was told, as `run.json` has it: written when it begins, read when it goes on, and held against what is asked for then.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import { canonicalJson } from "../bundle/identity.ts";
import { pictureViews } from "../image/views.ts";
import { decoderKinds } from "../models/catalogue.ts";
import { chosen, decoderChoices } from "../models/decoder-options.ts";
import { maskOwners } from "../nn/noise.ts";
import { cleaningRules } from "../text/cleaning.ts";
import type { CleaningRule } from "../text/cleaning.ts";
import { broughtOptions } from "../train/brought-options.ts";
import { unreadable } from "./files.ts";
import type { TrainingData } from "./training-data.ts";
import { defaultTraining } from "./training-request.ts";
import type { TrainingRequest } from "./training-request.ts";

/** What a run was told, and what it found. */
export interface RunDescription extends RunModels {
  /** Where relative paths begin. */
  readonly folder?: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Identities of the models that a run reads, whatever their files are called. */
export interface RunModels {
  readonly encoder: string;
  /** Of the decoder that learns on. */
  readonly init?: string | undefined;
  /** Of the decoder or ensemble whose captions are learnt, too. */
  readonly teacher?: string | undefined;
}

/** Describes a run that begins in the current folder. */
export function runDescription(
  { data: path, images, out: _out, resume: _resume, cache: _cache, threads: _threads, ...options }: TrainingRequest,
  data: Pick<TrainingData, "name" | "hash" | "pictureHashes">,
  models: RunModels,
): RunDescription {
  return {
    folder: process.cwd(),
    options,
    data: { name: data.name, path, images, hash: data.hash, pictures: data.pictureHashes.length },
    ...models,
  };
}

const size = z.int().min(1);

/** Fields that an earlier release did not write are filled with today's defaults; whether these are the run's is for {@link requireSameRun}. */
const training = z
  .object({
    objective: z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("cross-entropy") }),
      z.object({
        kind: z.literal("self-critical"),
        baseline: z.enum(["greedy", "others"]),
        rewards: z.object({ "cider-d": z.number().exactOptional(), "bleu-4": z.number().exactOptional() }).optional(),
        sharpening: z.number(),
      }),
    ]),
    seed: z.int().min(0),
    batchSize: size,
    captionsPerPicture: size,
    epochs: size,
    patience: size,
    select: z.enum(["beam", "greedy", "loss"]),
    selectFirst: size,
    schedule: z.object({
      kind: z.enum(["constant", "cosine"]),
      peak: z.number(),
      warmup: z.number().exactOptional(),
      floor: z.number().exactOptional(),
    }),
    dropoutMasks: z.enum(maskOwners),
    labelSmoothing: z.number(),
    scheduledSampling: z.number(),
    wordDistillation: z.object({ share: z.number(), width: size }),
    averaging: z.number(),
    attentionPenalty: z.number(),
    weightDecay: z.number(),
    clipNorm: z.number(),
    epsilon: z.number(),
    maximumWords: size,
    checkpointSteps: size,
  })
  .partial();

const decoderOptions = z
  .object({
    hiddenSize: size,
    dropout: z.object({ features: z.number(), input: z.number(), output: z.number() }),
    attentionSize: size,
    cell: z.enum(decoderChoices.cell),
    conditioning: z.enum(decoderChoices.conditioning),
    score: z.enum(decoderChoices.score),
    layers: size,
    heads: size,
    forwardSize: size,
    positions: z.enum(decoderChoices.positions),
  })
  .partial();

const description = z.object({
  folder: z.string().optional(),
  options: z.object({
    encoder: z.string(),
    init: z.string().optional(),
    old: z
      .object({ data: z.string(), images: z.string().optional(), share: z.number(), mostForgotten: z.number() })
      .optional(),
    rules: z.array(z.enum(Object.keys(cleaningRules) as CleaningRule[])),
    minimumCount: size,
    embeddings: z.string(),
    freezeEmbeddings: z.boolean(),
    embeddingSize: size,
    views: z.array(z.enum(pictureViews)).optional(),
    attributes: size.optional(),
    fineTune: z.object({ stage: z.string(), learningRate: z.number() }).optional(),
    distil: z
      .object({ models: z.string(), share: z.number(), captions: size, consensus: size.exactOptional() })
      .optional(),
    decoder: z.enum(decoderKinds),
    decoderOptions,
    training,
    beam: size,
    lengthExponent: z.number(),
  }),
  data: z.object({ path: z.string(), images: z.string().optional() }),
});

/** What a run that goes on is told where nothing else is said. */
export type ResumedRequest = Omit<TrainingRequest, "out" | "resume">;

/**
 * A run's description as its file has it, whatever its fields.
 * @throws ShowtellError `FILE_NOT_FOUND` if there is none at the path, `RUN_FORMAT` if it is no JSON object.
 */
export async function readRunDescription(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new ShowtellError(
      "RUN_FORMAT",
      `"${path}" is damaged: it is no JSON object; start the run anew in another folder`,
      { cause },
    );
  }
}

/**
 * The request that a run's description tells of.
 * @throws ShowtellError as {@link readRunDescription} does, and `RUN_FORMAT` naming the field that is wrong.
 */
export async function readRunRequest(path: string): Promise<ResumedRequest> {
  const { options, data, folder: before = process.cwd() } = checked(description, await readRunDescription(path), path);
  const at = (told: string): string => (before === process.cwd() ? told : resolve(before, told));
  const { distil, ...own } = options;
  const { old, init, encoder, embeddings } = own;
  const defaults = defaultTraining(options.decoder, options.training.objective?.kind);
  const { hiddenSize, dropout } = defaults.decoderOptions;
  return {
    ...own,
    data: at(data.path),
    images: data.images && at(data.images),
    encoder: at(encoder),
    init: init && at(init),
    old: old && { ...old, data: at(old.data), images: old.images && at(old.images) },
    embeddings: embeddings === "glove" || embeddings === "random" ? embeddings : at(embeddings),
    ...(distil && { distil: { ...distil, models: distil.models.split(",").map(at).join(",") } }),
    decoderOptions: { hiddenSize, dropout, ...chosen(options.decoderOptions) },
    training: { ...defaults.training, ...chosen(options.training) },
  };
}

/** What a run was told, for its record: all fields, as they were written. */
export type RecordedOptions = Readonly<Record<string, unknown>> & { readonly training: { readonly seed: number } };

const recorded: z.ZodType<{ options: RecordedOptions }> = z.object({
  options: z.looseObject({ training: z.looseObject({ seed: z.int().min(0) }) }),
});

/** @throws ShowtellError as {@link readRunDescription} does, and `RUN_FORMAT` naming the field that is wrong. */
export async function readRecordedOptions(path: string): Promise<RecordedOptions> {
  return checked(recorded, await readRunDescription(path), path).options;
}

function checked<T>(schema: z.ZodType<T>, told: Readonly<Record<string, unknown>>, path: string): T {
  const result = schema.safeParse(told);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ShowtellError(
    "RUN_FORMAT",
    `"${path}" is damaged: field "${issue?.path.join(".") ?? ""}": ${issue?.message ?? "invalid"}`,
    { cause: result.error },
  );
}

/** Fields that say where something lies; what lies there is told by hashes and identities beside them. */
const placeFields: readonly string[] = ["writer", "folder", "data.path", "data.images", "options.distil.models"];

/** Fields of `options` that decide nothing in a run. @param addedWords How many words its decoder gets besides those that it had. */
export function idleOptions({ init, training: { objective } }: TrainingRequest, addedWords: number): readonly string[] {
  return init === undefined
    ? []
    : broughtOptions({ isRewarded: objective.kind === "self-critical", addsWords: addedWords > 0 });
}

/** The fields of plain data that hold no others, by their paths, as canonical JSON. */
function leaves(value: unknown, path = ""): readonly (readonly [string, string])[] {
  if (value === undefined || value === null) return [];
  if (typeof value !== "object" || Array.isArray(value)) return [[path, canonicalJson(value)]];
  return Object.entries(value).flatMap(([name, field]) => leaves(field, path === "" ? name : `${path}.${name}`));
}

/** Of models that a run reads itself what does not count: where they lie, or, where an earlier release did not write what they are, that. */
function modelFields(was: ReadonlyMap<string, string>, is: ReadonlyMap<string, string>): readonly string[] {
  return ["encoder", "init"].map((name) => (was.has(name) && is.has(name) ? `options.${name}` : name));
}

/**
 * Refuses to go on with a run that was told otherwise.
 * @param path What messages call the description.
 * @param idle Options that may differ.
 * @throws ShowtellError `RUN_MISMATCH` naming each field that differs, with both values.
 */
export function requireSameRun(
  before: Readonly<Record<string, unknown>>,
  now: RunDescription,
  { path, idle }: { readonly path: string; readonly idle: readonly string[] },
): void {
  const [was, is] = [new Map(leaves(before)), new Map(leaves(now))];
  const free = new Set([...placeFields, ...idle.map((name) => `options.${name}`), ...modelFields(was, is)]);
  const start = typeof before["folder"] === "string" ? before["folder"] : process.cwd();
  const isSame = (a: string | undefined, b: string | undefined): boolean =>
    a === b || (isText(a) && isText(b) && resolve(start, textOf(a)) === resolve(textOf(b)));
  const different = [...new Set([...was.keys(), ...is.keys()])].filter(
    (field) => !free.has(field) && !isSame(was.get(field), is.get(field)),
  );
  if (different.length === 0) return;
  const told = different.map(
    (field) => `${field.replace(/^options\./, "")} ${was.get(field) ?? "unset"}, now ${is.get(field) ?? "unset"}`,
  );
  throw new ShowtellError(
    "RUN_MISMATCH",
    `"${path}": the run was started with ${told.join("; ")}: leave out what the run knows itself, or name another folder`,
  );
}

function isText(json: string | undefined): json is string {
  return json?.startsWith('"') === true;
}

function textOf(json: string): string {
  return JSON.parse(json) as string;
}
