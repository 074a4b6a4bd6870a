// The versioned manifest of a bundle: everything about a model that is not a weight. Parsed once, here.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import { parsePreprocessRule } from "../image/preprocess.ts";
import type { PreprocessRule } from "../image/preprocess.ts";
import { decoderSpecSchema } from "../models/catalogue.ts";
import type { DecoderSpec } from "../models/catalogue.ts";
import type { Calibration } from "./calibration.ts";
import { calibrationSchema } from "./calibration.ts";
import { hashListSchema } from "./hash-list.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { encoderKinds } from "../models/encoder-graph.ts";
import type { EncoderSpec } from "../models/encoder-graph.ts";

/** The manifest version that this release writes, and the only one it reads. */
export const manifestVersion = 1;

/** The one key of the safetensors metadata, which holds the manifest as JSON. */
export const manifestKey = "showtell";

/** What a model must compute for a seeded input. */
export interface SelfTest {
  /** Seed of the random input. */
  readonly seed: number;
  /** Values that the model must give, each within 1e-3 of the largest. */
  readonly values: readonly number[];
  /** Indices of the largest outputs (a decoder's greedy words). */
  readonly ids: readonly number[];
}

/** A manifest's part on the encoder. */
export interface EncoderManifest {
  readonly spec: EncoderSpec;
  readonly preprocessing: PreprocessRule;
  readonly identity: string;
  readonly selfTest: SelfTest;
}

/** A manifest's part on the decoder. */
export interface DecoderManifest {
  readonly spec: DecoderSpec;
  /** The encoder that it reads: the one it was trained on, or that in another precision (`name` is for people); and which of its features. */
  readonly encoder: { readonly identity: string; readonly name: string; readonly layer: FeatureLayer };
  /** All words in order of their ids, special ones first. */
  readonly vocabulary: { readonly words: readonly string[] };
  /** How captions are searched by default; the length counts the end token. */
  readonly decoding: { readonly beam: number; readonly lengthExponent: number; readonly maximumLength: number };
  readonly identity: string;
  readonly selfTest: SelfTest;
}

/** Where a part of a bundle comes from and what may be done with it. */
export interface Licence {
  readonly part: string;
  readonly origin: string;
  readonly licence: string;
  readonly note?: string | undefined;
}

/** A manifest's part on the references that the decoder was trained on; the table of their n-grams is in tensors. */
export interface ReferencesManifest {
  /** Pictures whose references were counted. */
  readonly images: number;
  /** Hash of the table; files written before there was one have none. */
  readonly identity?: string | undefined;
}

/** Everything about a bundle that is not a weight. */
export interface Manifest {
  readonly version: typeof manifestVersion;
  /** Name and version of what wrote it. */
  readonly writer: string;
  readonly encoder?: EncoderManifest | undefined;
  readonly decoder?: DecoderManifest | undefined;
  /** Document frequencies of the training references. */
  readonly references?: ReferencesManifest | undefined;
  /** How sure the decoder may be of its captions. */
  readonly calibration?: Calibration | undefined;
  /** How the decoder was trained: data, options, scores, hashes of pictures and captions. */
  readonly training?: TrainingRecord | undefined;
  readonly licences: readonly Licence[];
}

/** A training record; what else it holds is for people. */
export interface TrainingRecord {
  /** 8-byte hashes of every training picture's file, in hex, one after the other: whether a picture was trained on. */
  readonly pictureHashes?: string | undefined;
  /** The same of every training caption's tokens joined by spaces: whether a caption is a copy. */
  readonly captionHashes?: string | undefined;
  /** The same of every picture that the epoch was chosen by: scores on these are a little too good. */
  readonly selectionHashes?: string | undefined;
  readonly [field: string]: unknown;
}

/** The manifest's field that marks a training checkpoint, which is no bundle. */
export const checkpointField = "checkpoint";

const hash = z.string().regex(/^[0-9a-f]{64}$/, "not a SHA-256 in lower-case hex");

const encoderSpecSchema: z.ZodType<EncoderSpec> = z.strictObject({
  kind: z.enum(encoderKinds),
  arithmetic: z.literal("integer").optional(),
});

// The rest is loose: what a newer release adds survives being read and written by this one.
const selfTestSchema: z.ZodType<SelfTest> = z.looseObject({
  seed: z.int().min(0),
  values: z.array(z.number()).min(1).max(64),
  ids: z.array(z.int().min(0)).max(64),
});

function encoderSchema(source: string): z.ZodType<EncoderManifest> {
  return z.looseObject({
    spec: encoderSpecSchema,
    preprocessing: z.unknown().transform((value) => parsePreprocessRule(value, `"${source}"`)),
    identity: hash,
    selfTest: selfTestSchema,
  });
}

const decoderSchema: z.ZodType<DecoderManifest> = z.looseObject({
  spec: decoderSpecSchema,
  encoder: z.looseObject({ identity: hash, name: z.string(), layer: z.string().min(1) }),
  vocabulary: z.looseObject({ words: z.array(z.string()).min(5) }),
  decoding: z.looseObject({
    beam: z.int().min(1).max(100),
    lengthExponent: z.number().min(0).max(5),
    maximumLength: z.int().min(1).max(1000),
  }),
  identity: hash,
  selfTest: selfTestSchema,
});

function manifestSchema(source: string): z.ZodType<Manifest> {
  return z
    .looseObject({
      version: z.literal(manifestVersion),
      writer: z.string(),
      encoder: encoderSchema(source).optional(),
      decoder: decoderSchema.optional(),
      references: z.looseObject({ images: z.int().min(1), identity: hash.optional() }).optional(),
      calibration: calibrationSchema.optional(),
      training: z
        .looseObject({
          pictureHashes: hashListSchema.optional(),
          captionHashes: hashListSchema.optional(),
          selectionHashes: hashListSchema.optional(),
        })
        .optional(),
      licences: z.array(
        z.looseObject({ part: z.string(), origin: z.string(), licence: z.string(), note: z.string().optional() }),
      ),
    })
    .refine((manifest) => manifest.encoder !== undefined || manifest.decoder !== undefined, {
      message: "it holds neither an encoder nor a decoder",
    });
}

function parsedJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ShowtellError("BUNDLE_FORMAT", `the manifest of "${source}" is not JSON: the file is damaged`, { cause });
  }
}

/**
 * Reads a manifest from a safetensors file's metadata.
 * @throws ShowtellError `BUNDLE_FORMAT` if there is none or it is damaged, `BUNDLE_VERSION` if it is of another version,
 * `BUNDLE_KIND` if the file is a checkpoint.
 */
export function parseManifest(metadata: Readonly<Record<string, string>>, source: string): Manifest {
  const text = metadata[manifestKey];
  if (text === undefined) {
    throw new ShowtellError(
      "BUNDLE_FORMAT",
      `"${source}" is a safetensors file, but no showtell bundle: it has no "${manifestKey}" metadata`,
    );
  }
  const json = parsedJson(text, source);
  const version = z.object({ version: z.int() }).safeParse(json).data?.version;
  if (version !== undefined && version !== manifestVersion) {
    const remedy = "update showtell, or pack it again with this release";
    throw new ShowtellError(
      "BUNDLE_VERSION",
      `"${source}" has manifest version ${version}; this release reads ${manifestVersion}: ${remedy}`,
    );
  }
  if (typeof json === "object" && json !== null && checkpointField in json) {
    throw new ShowtellError(
      "BUNDLE_KIND",
      `"${source}" is a checkpoint of a training run, not a model: use best.safetensors beside it`,
    );
  }
  const parsed = manifestSchema(source).safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? "it" : `field "${issue.path.join(".")}"`;
  throw new ShowtellError(
    "BUNDLE_FORMAT",
    `the manifest of "${source}" is damaged: ${where}: ${issue?.message ?? "invalid"}`,
    {
      cause: parsed.error,
    },
  );
}
