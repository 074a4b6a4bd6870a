// The shapes of what the service takes and gives, once: they validate requests, and the OpenAPI document is made of them.
import { z } from "zod";
import { errorCodes } from "../base/errors.ts";
import type { ErrorCode, PlainError } from "../base/errors.ts";
import type { CalibrationSummary } from "../bundle/calibration.ts";
import type { CaptionOptions, PartialCaption } from "../caption/caption-options.ts";
import { mostNeighbourWords, mostNeighbours } from "../caption/caption-options.ts";
import type { TrainingNeighbour } from "../caption/training-neighbours.ts";
import type { CaptionResult } from "../caption/threaded-captioner.ts";

/** The schemas that the OpenAPI document describes once, by their names. */
export const namedSchemas: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>();

/** A schema that has a name. */
export function named<T>(id: string, schema: z.ZodType<T>): z.ZodType<T> {
  return schema.register(namedSchemas, { id });
}

/** The captioner's options that a request may set: all that are plain data. */
export type RequestOptions = Omit<CaptionOptions, "signal" | "onPartial">;

/** Wider beams cost time in proportion; the command has no such bound. */
const widestBeam = 20;
const width = z.int().min(1).max(widestBeam);
const length = z.int().max(1000);
/** Most words or phrases that must, or must not, appear. */
export const mostPhrases = 8;
const phrases = z.array(z.string().min(1).max(100)).max(mostPhrases);

/** The options, one line each: a field of the JSON body or of the form, or a query parameter. Lists are repeated there. */
export const optionFields: { readonly [Name in keyof RequestOptions]-?: z.ZodType<Required<RequestOptions>[Name]> } = {
  beam: width.describe("Sentences followed at a time; 1 is greedy. Default: the model's."),
  candidates: width.describe("Captions of each picture; the beam is at least as wide. Default 1, or the groups."),
  must: phrases.describe("Words or phrases that must appear."),
  avoid: phrases.describe("Words or phrases that must not appear."),
  prefix: z.string().max(500).describe("How captions begin."),
  minLength: length.min(0).describe("Fewest words."),
  maxLength: length.min(1).describe("Most words; at most what the model allows."),
  groups: width.describe("Groups of captions that are kept apart, to say different things."),
  diversity: z.number().min(0).max(1000).describe("How strongly groups are kept apart. Default 0.5."),
  consensus: width.min(2).describe("Finds so many captions and ranks them by how much they agree with each other."),
  consensusWeights: z.enum(["uniform", "probability"]).describe("How much each of them counts. Default uniform."),
  consensusFrom: z
    .enum(["ensemble", "members"])
    .describe("Of several models: whether they find those captions together or each alone. Default ensemble."),
  consensusVoters: z
    .enum(["captions", "neighbours", "neighbours-and-matcher"])
    .describe(
      "Whom those captions are to agree with: each other, or what people said of the training pictures that look most alike, where the " +
        "service has a table of them, alone or with how well a caption fits the picture by what was learnt from all of them. Default captions.",
    ),
  neighbourWords: z
    .number()
    .min(0)
    .max(mostNeighbourWords)
    .describe(
      "How much it counts in the search how likely a word is by what people said of the training pictures that look most alike, where the service " +
        "has a table of them; 0.5 is good. Default 0.",
    ),
  abstainBelow: z
    .number()
    .min(0)
    .max(1)
    .describe("Marks captions that are good with less than this probability, by the model's calibration."),
  temperature: z.number().min(0.01).max(100).describe("Draws captions at random instead of searching the best."),
  topK: z.int().min(1).max(1e6).describe("Draws from so many of the likeliest words only."),
  topP: z
    .number()
    .min(0.001)
    .max(1)
    .describe("Draws from the fewest likeliest words that have this probability together."),
  attention: z.boolean().describe("Also tells where the model looked for each token, if it looks at places."),
  neighbours: z
    .int()
    .min(1)
    .max(mostNeighbours)
    .describe(
      "Also tells so many training pictures that look alike, and how often each caption stands in training data; only where the service was started with --neighbours.",
    ),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .describe("Seed of the drawing. Default 1."),
};

type OptionalFields = {
  [Name in keyof RequestOptions]-?: z.ZodExactOptional<z.ZodType<Required<RequestOptions>[Name]>>;
};
const options = Object.fromEntries(
  Object.entries(optionFields).map(([name, schema]) => [name, z.exactOptional(schema)]),
) as OptionalFields;

const base64 = z
  .string()
  // Not a repeated group: over megabytes that overflows the engine's stack.
  .refine((text) => text.length % 4 === 0 && !/[^0-9A-Za-z+/=]/.test(text), "not base64")
  .meta({ contentEncoding: "base64", description: "The picture's file in base64, without a data: prefix." });

/** A picture in a JSON request. */
export type JsonPicture = { readonly data: string; readonly name?: string } | { readonly url: string };

const jsonPicture: z.ZodType<JsonPicture> = z.union([
  z.strictObject({ data: base64, name: z.exactOptional(z.string().max(255)).describe("What the answer calls it.") }),
  z.strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .describe("Fetched only if the service was started with --allow-urls."),
  }),
]);

/** A request in JSON. */
export const captionJson: z.ZodType<RequestOptions & { readonly images: readonly JsonPicture[] }> = named(
  "CaptionRequest",
  z.strictObject({ images: z.array(jsonPicture).min(1), ...options }),
);

/** A request as a form. */
export const captionForm: z.ZodType<RequestOptions & { readonly image: readonly File[] }> = named(
  "CaptionForm",
  z.strictObject({ image: z.array(z.file()).min(1).describe("Picture files; repeat the field."), ...options }),
);

/** The options beside a body that is the picture itself; other bodies may leave some to it. */
export const captionQuery: z.ZodType<RequestOptions> = z.strictObject(options);

const errorDetail: z.ZodType<PlainError> = named(
  "Error",
  z.object({
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    message: z.string().describe("What is wrong, where, and what to do."),
  }),
);

/** A refusal. */
export const refusal: z.ZodType<{ readonly error: PlainError }> = named("Refusal", z.object({ error: errorDetail }));

const candidateFields = {
  caption: z.string(),
  logProbability: z.number().describe("Natural logarithm; of the whole caption, its end included."),
  score: z.number().describe("What ranks: log-probability / length^exponent."),
  tokens: z.array(z.string()).describe("The words, and what else the model counts as one."),
  tokenLogProbabilities: z
    .array(z.number())
    .describe("Natural logarithms; of each token given those before it, and last of the end, unless truncated."),
  truncated: z.boolean().describe("Whether the greatest length came before the end."),
  steeringCost: z
    .exactOptional(z.number())
    .describe("Of a steered caption: the log-probability of the best unsteered one less its own."),
  consensus: z
    .exactOptional(z.number())
    .describe("Of a caption chosen by consensus: its expected CIDEr-D against the others."),
  copies: z
    .exactOptional(z.int().min(0))
    .describe("Where neighbours are asked for: how many training captions are this very sentence."),
  attention: z
    .exactOptional(z.array(z.array(z.number())))
    .describe(
      "If asked for: of each token and the end, how much each place of a square grid was looked at, row by row.",
    ),
};

const milliseconds = z.number().min(0);

const neighbour: z.ZodType<TrainingNeighbour> = named(
  "Neighbour",
  z.object({
    image: z.string().describe("What the training data call it."),
    similarity: z.number().min(-1).max(1).describe("Cosine of the features of both."),
    captions: z.array(z.string()).describe("What people said of it."),
  }),
);

const captionedFields = {
  ...candidateFields,
  candidates: z.array(named("Candidate", z.object(candidateFields))).describe("Best first; the first is the caption."),
  confidence: z
    .exactOptional(z.number().min(0).max(1))
    .describe("The probability that the caption is good, where the model is calibrated."),
  neighbours: z
    .exactOptional(z.array(neighbour))
    .describe("If asked for: the training pictures that look most like this one, nearest first."),
  abstained: z.exactOptional(z.literal(true)).describe("That it is below abstainBelow."),
  model: z.string().describe("Identity of the model."),
  timings: named(
    "Timings",
    z
      .object({ decodeMs: milliseconds, encodeMs: milliseconds, searchMs: milliseconds })
      .describe("Milliseconds; those of a batch are shared evenly."),
  ),
};

const image = z.string().describe('The picture\'s name in the request, or its place: "image 1".');

/** What became of a picture. */
export type PictureResult = { readonly image: string } & (CaptionResult | { readonly error: PlainError });

const pictureResult: z.ZodType<PictureResult> = named(
  "PictureResult",
  z.union([z.object({ image, ...captionedFields }), z.object({ image, error: errorDetail })]),
);

/** The answer to a caption request. */
export interface CaptionAnswer {
  /** In the order of the pictures. */
  readonly results: readonly PictureResult[];
  /** The first picture's, where no picture could be captioned. */
  readonly error?: PlainError;
}

/** The answer to a caption request. */
export const captionAnswer: z.ZodType<CaptionAnswer> = named(
  "CaptionAnswer",
  z.object({
    results: z.array(pictureResult).describe("In the order of the pictures."),
    error: z.exactOptional(errorDetail).describe("The first picture's, where no picture could be captioned."),
  }),
);

/** The data of each server-sent event, by its name. */
export interface CaptionEvents {
  /** All that was asked for waits or is being captioned. */
  readonly start: { readonly images: readonly string[]; readonly model: string };
  /** Words of a picture (by its place, from 0) have come or settled. */
  readonly partial: { readonly index: number } & Omit<PartialCaption, "image">;
  /** A picture is done. */
  readonly result: { readonly index: number; readonly result: PictureResult };
  /** The whole answer, and the end. */
  readonly done: CaptionAnswer;
  /** The end, too: the request as a whole was given up. */
  readonly error: { readonly error: PlainError };
}

const index = z.int().min(0).describe("The picture's place in the request.");

/** The schemas of the events' data. */
export const captionEvents: { readonly [Name in keyof CaptionEvents]: z.ZodType<CaptionEvents[Name]> } = {
  start: named("StartEvent", z.object({ images: z.array(z.string()), model: z.string() })),
  partial: named(
    "PartialEvent",
    z.object({
      index,
      caption: z.string().describe("The best beginning so far."),
      settled: z
        .string()
        .describe(
          "The part of it that can't change any more; nothing before the end where a consensus ranks what was found.",
        ),
    }),
  ),
  result: named("ResultEvent", z.object({ index, result: pictureResult })),
  done: captionAnswer,
  error: refusal,
};

/** A decoder that captions, alone or in an ensemble. */
export interface MemberDescription {
  /** Identity: a hash over weights, vocabulary and preprocessing. */
  readonly id: string;
  readonly name: string;
  /** The decoder's kind. */
  readonly decoder: string;
  readonly encoder: { readonly id: string; readonly name: string; readonly layer: string };
  readonly licences: readonly { readonly part: string; readonly origin: string; readonly licence: string }[];
}

/** A model that the service captions with. */
export interface ModelDescription {
  /** That of its only member, or one made of those of all. */
  readonly id: string;
  readonly members: readonly MemberDescription[];
  readonly vocabularySize: number;
  /** How captions are searched where a request does not say. */
  readonly decoding: { readonly beam: number; readonly lengthExponent: number; readonly maximumLength: number };
  /** What `confidence` means, for a model that is calibrated. */
  readonly calibration?: CalibrationSummary;
}

const memberDescription: z.ZodType<MemberDescription> = named(
  "Member",
  z.object({
    id: z.string().describe("Identity: a hash over weights, vocabulary and preprocessing."),
    name: z.string(),
    decoder: z.string().describe("The decoder's kind."),
    encoder: z.object({ id: z.string(), name: z.string(), layer: z.string() }),
    licences: z.array(z.object({ part: z.string(), origin: z.string(), licence: z.string() })),
  }),
);

const modelDescription: z.ZodType<ModelDescription> = named(
  "Model",
  z.object({
    id: z.string().describe("That of its only member, or one made of those of all."),
    members: z.array(memberDescription).describe("Decoders that caption together."),
    vocabularySize: z.int(),
    decoding: z
      .object({ beam: z.int(), lengthExponent: z.number(), maximumLength: z.int() })
      .describe("How captions are searched where a request does not say."),
    calibration: z
      .exactOptional(
        z.object({
          metric: z.literal("CIDEr-D"),
          threshold: z.number(),
          share: z.number().describe("Of the captions calibrated on, how many were better than the threshold."),
          data: z.object({ name: z.string(), split: z.string(), pictures: z.int() }),
        }),
      )
      .describe("What confidence is: the probability that the metric of a caption is above the threshold."),
  }),
);

/** The models. */
export const modelList: z.ZodType<{ readonly models: readonly ModelDescription[] }> = named(
  "ModelList",
  z.object({ models: z.array(modelDescription) }),
);

/** Whether the service lives, or is ready. */
export const health: z.ZodType<{ readonly status: "ok" | "failing" | "shutting down" }> = named(
  "Health",
  z.object({ status: z.enum(["ok", "failing", "shutting down"]) }),
);
