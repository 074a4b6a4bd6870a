// What a record keeps of a training request or of a run's description: everything that decides the model, and no path of this machine.
import { basename } from "node:path";
import type { RunOptions } from "../compare/record.ts";
import type { DecoderKind } from "../models/catalogue.ts";
import { decoderKinds, decoderNamed } from "../models/catalogue.ts";
import { defaultEncoder } from "./shipped-models.ts";
import { defaultDecoder, defaultTraining } from "./training-request.ts";

/** The name that an encoder's file goes by. */
function fileLabel(path: string): string {
  return basename(path).replace(/\.safetensors$/, "");
}

/** Options that may be the path of a file, which matters as little as the folder of the data. */
const fileOptions: ReadonlySet<string> = new Set(["encoder", "embeddings"]);

/** Options of a run as its record has them; `labels` names models that stand under paths. */
export function runOptions(request: object, labels: ReadonlyMap<string, string> = new Map()): RunOptions {
  // Fields without a value are left out, as in a run's description.
  const whole = JSON.parse(JSON.stringify(request)) as Record<string, unknown>;
  const {
    data: _data,
    images: _images,
    out: _out,
    resume: _resume,
    cache: _cache,
    threads: _threads,
    ...options
  } = whole;
  const named = Object.entries(options).map(([name, value]): readonly [string, unknown] => {
    if (name === "old") return [name, oldOptions(value)];
    if (name === "distil") return [name, teacherOptions(value, labels)];
    if (typeof value !== "string") return [name, value];
    return [name, labels.get(value) ?? (fileOptions.has(name) ? fileLabel(value) : value)];
  });
  return Object.fromEntries(named);
}

/** Old data by its name alone. */
function oldOptions(old: unknown): RunOptions {
  const { images: _images, ...own } = old as { readonly data: string; readonly images?: string };
  return { ...own, data: basename(own.data) };
}

/** A teacher by the names of its models. */
function teacherOptions(distil: unknown, labels: ReadonlyMap<string, string>): RunOptions {
  const { models, ...own } = distil as { readonly models: string };
  const names = models.split(",").map((path) => labels.get(path) ?? fileLabel(path));
  return { models: names.join(","), ...own };
}

/** What options of a run are where a record does not say. */
export function defaultRunOptions({ decoder, training }: RunOptions): RunOptions {
  const kind = decoderKinds.find((one): one is DecoderKind => one === decoder) ?? defaultDecoder;
  const { objective } = (training ?? {}) as { readonly objective?: { readonly kind?: string } };
  const rewarded = objective?.kind === "self-critical" ? "self-critical" : "cross-entropy";
  const { decoderOptions, ...defaults } = defaultTraining(kind, rewarded);
  // Whatever the recipe chooses has its unsaid counterpart.
  const unsaid = { ...decoderOptions, ...decoderNamed(kind).unsaid };
  return runOptions({ ...defaults, decoderOptions: unsaid, encoder: defaultEncoder });
}
