// The record of a run: what was told, what was read, what came out, and how long it took. Small enough to be committed. Knows no files.
import { z } from "zod";
import { sha256Hex } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import { canonicalJson } from "../bundle/identity.ts";
import { broughtOptions } from "../train/brought-options.ts";

/** Options as JSON. */
export type RunOptions = Readonly<Record<string, unknown>>;

/** Scores of a corpus by metric, as fractions. */
export type CorpusScores = Readonly<Record<string, number>>;

/** What machine a run was on. */
export interface Machine {
  readonly cpu: string;
  /** Processors that the process may use, and threads that the engine was given. */
  readonly cores: number;
  readonly threads: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
  /** The inference engine with its version. */
  readonly engine: string;
}

/** An epoch in short. */
export interface EpochSummary {
  readonly loss: number;
  readonly devLoss: number;
  readonly devAccuracy: number;
  /** Of the dev captions that epochs were chosen by. */
  readonly CIDEr?: number;
}

/** How a run was trained. */
export interface TrainingSummary {
  readonly data: { readonly name: string; readonly hash: string; readonly pictures: number; readonly captions: number };
  readonly reason: "finished" | "early stop";
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly steps: number;
  /** Spent in steps; validating is not in it. */
  readonly seconds: number;
  readonly captionsPerSecond: number;
  readonly history: readonly EpochSummary[];
}

/** What a model's captions are worth. */
export interface EvaluationSummary {
  readonly split: string;
  readonly pictures: number;
  /** Hash of the names of the pictures and their references, in order: the same where records can be compared. */
  readonly hash: string;
  /** How many of the pictures the model was chosen by. */
  readonly chosenBy: number;
  readonly scores: CorpusScores;
  readonly signatures: Readonly<Record<string, string>>;
  /** The pictures after the first so many, by which epochs were chosen, scored by themselves. */
  readonly rest?: { readonly after: number; readonly scores: CorpusScores };
  /** Teacher-forced, as is the share of words foreseen; not of ensembles. */
  readonly perplexity?: number;
  readonly tokenAccuracy?: number;
  /** Share of captions that end in a preposition, an article or a conjunction. */
  readonly openEndings: number;
  /** Words a caption, and different words in all. */
  readonly words: number;
  readonly vocabulary: number;
  /** Features being there. */
  readonly captionsPerSecond: number;
  /** What measuring all this took. */
  readonly seconds: number;
}

/** The record of a run, as its JSON file has it. */
export interface RunRecord {
  readonly version: 1;
  readonly writer: string;
  readonly name: string;
  /** Trained, or put together of runs that were and captioned with. */
  readonly kind: "train" | "evaluate";
  /** What the run was told, without paths; the model of another run stands under that run's name. */
  readonly options: RunOptions;
  readonly seed?: number;
  /** Identities of the models that it began with or put together, by the names of their runs. */
  readonly uses: Readonly<Record<string, string>>;
  readonly encoders: readonly { readonly name: string; readonly layer: string; readonly identity: string }[];
  readonly model: { readonly identity: string; readonly parameters: number; readonly beam: number };
  readonly training?: TrainingSummary;
  /** Hash of the data set's captions, where the run trained nothing; records of older releases lack it. */
  readonly data?: string;
  readonly evaluation: EvaluationSummary;
  readonly machine: Machine;
  /** When the record was made, ISO 8601. */
  readonly finished: string;
}

const hash = z.string().regex(/^[0-9a-f]{64}$/, { error: "must be a SHA-256 in lower-case hex" });
const count = z.int().min(0);
const seconds = z.number().min(0);
const scores = z.record(z.string(), z.number());

const machine = z.object({
  cpu: z.string(),
  cores: count,
  threads: count,
  memoryBytes: count,
  platform: z.string(),
  node: z.string(),
  engine: z.string(),
});

const epoch = z.object({
  loss: z.number(),
  devLoss: z.number(),
  devAccuracy: z.number(),
  CIDEr: z.number().exactOptional(),
});

const trainingSchema = z.object({
  data: z.object({ name: z.string(), hash, pictures: count, captions: count }),
  reason: z.enum(["finished", "early stop"]),
  epochs: count,
  bestEpoch: count,
  steps: count,
  seconds,
  captionsPerSecond: z.number(),
  history: z.array(epoch),
});

const evaluation = z.object({
  split: z.string(),
  pictures: count,
  hash,
  chosenBy: count,
  scores,
  signatures: z.record(z.string(), z.string()),
  rest: z.object({ after: count, scores }).exactOptional(),
  perplexity: z.number().exactOptional(),
  tokenAccuracy: z.number().exactOptional(),
  openEndings: z.number(),
  words: z.number(),
  vocabulary: count,
  captionsPerSecond: z.number(),
  seconds,
});

const recordSchema: z.ZodType<RunRecord> = z.object({
  version: z.literal(1),
  writer: z.string(),
  name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
  kind: z.enum(["train", "evaluate"]),
  options: z.record(z.string(), z.unknown()),
  seed: count.exactOptional(),
  uses: z.record(z.string(), hash),
  encoders: z.array(z.object({ name: z.string(), layer: z.string(), identity: hash })),
  model: z.object({ identity: hash, parameters: count, beam: count }),
  training: trainingSchema.exactOptional(),
  data: hash.exactOptional(),
  evaluation,
  machine,
  finished: z.string(),
});

/**
 * A record from a file's content.
 * @throws ShowtellError `RECORD_FORMAT` naming the file and field.
 */
export function parseRecord(content: unknown, source: string): RunRecord {
  const { success, data, error } = recordSchema.safeParse(content);
  if (success) return data;
  const { path, message } = error.issues[0]!;
  throw new ShowtellError("RECORD_FORMAT", `record "${source}": ${path.join(".") || "it"} is wrong: ${message}`);
}

/** What tells a run from others: what it was told, and on which data. */
export interface RunKey {
  readonly kind: RunRecord["kind"];
  readonly options: RunOptions;
  /** Identity of the encoder, where it lies in a file of its own, which is here, and stays as it is. */
  readonly encoder?: string | undefined;
  /** Identity of the model that is measured, where it lies in files of its own, which are here. */
  readonly model?: string | undefined;
  /** Hash of the captions that it learnt or was measured from; undefined where the data set is not here. */
  readonly data?: string | undefined;
}

/** Whether a record is of this run; what a record does not say was not there when it was written, so that it had today's default. */
export function isRecordOf(
  record: RunRecord,
  { kind, options, encoder, model, data }: RunKey,
  defaults: RunOptions,
): boolean {
  if (record.kind !== kind) return false;
  const { hash: read = record.data } = record.training?.data ?? {};
  if (data !== undefined && read !== undefined && read !== data) return false;
  if (encoder !== undefined && record.encoders[0]?.identity !== encoder) return false;
  if (model !== undefined && record.model.identity !== model) return false;
  return decisive(withDefaults(record.options, defaults)) === decisive(withDefaults(options, defaults));
}

function decisive(options: RunOptions): string {
  return canonicalJson(decisiveOptions(options));
}

/** What of a training's options decides the model: not how often it was saved, nor what a model that it began with brings along. */
export function decisiveOptions(options: RunOptions): RunOptions {
  const { training } = options;
  if (!isObject(training)) return options;
  const { checkpointSteps: _steps, ...others } = training;
  if (options["init"] === undefined) return { ...options, training: others };
  const { objective } = others;
  const isRewarded = isObject(objective) && objective["kind"] === "self-critical";
  // Whether words are added is known after training only, but for rewards, which add none.
  const idle = new Set(broughtOptions({ isRewarded, addsWords: !isRewarded }));
  const kept = (fields: RunOptions, path = ""): RunOptions =>
    Object.fromEntries(Object.entries(fields).filter(([name]) => !idle.has(`${path}${name}`)));
  const { decoderOptions } = options;
  return {
    ...kept(options),
    training: others,
    ...(isObject(decoderOptions) && { decoderOptions: kept(decoderOptions, "decoderOptions.") }),
  };
}

/** Fills in what is missing, at the top and one level below; lists and schedules are whole. */
function withDefaults(options: RunOptions, defaults: RunOptions, depth = 1): RunOptions {
  const filled: Record<string, unknown> = { ...defaults, ...options };
  if (depth === 0) return filled;
  for (const [name, value] of Object.entries(defaults)) {
    const own = options[name];
    if (isObject(value) && isObject(own)) filled[name] = withDefaults(own, value, depth - 1);
  }
  return filled;
}

function isObject(value: unknown): value is RunOptions {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a new record is called: a few words for people, and a hash of what tells the run from others. */
export function recordName(words: readonly string[], { kind, options, encoder, model, data }: RunKey): string {
  // It begins with a letter or a digit, whatever the words are.
  const readable = words
    .join("-")
    .toLowerCase()
    .match(/[a-z0-9]+/g) ?? ["run"];
  return `${readable.join("-")}-${sha256Hex(canonicalJson({ kind, options: decisive(options), encoder, model, data })).slice(0, 8)}`;
}
