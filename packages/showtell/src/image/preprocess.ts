// From a picture to an encoder's input, by a rule that is plain data in a bundle's manifest. Knows nothing of any encoder in particular.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { Pixels } from "./pixels.ts";
import { resize } from "./resize.ts";

/** How a picture becomes an encoder's input: squeeze the whole picture, order the channels, then (byte − mean) × scale for each channel. */
export interface PreprocessRule {
  readonly resize: {
    readonly kind: "squeeze";
    readonly width: number;
    readonly height: number;
    readonly filter: "triangle";
  };
  readonly channels: "RGB" | "BGR";
  readonly layout: "NCHW";
  /** In bytes (0 … 255), one for each channel in the order of `channels`. */
  readonly mean: readonly [number, number, number];
  readonly scale: readonly [number, number, number];
}

/** Where red, green and blue lie in a pixel, in the order in which the channels are wanted. */
const channelOffsets: Readonly<Record<PreprocessRule["channels"], readonly [number, number, number]>> = {
  RGB: [0, 1, 2],
  BGR: [2, 1, 0],
};

// Strict: a field that this release does not know could change what the model sees.
const side = z.int().min(1).max(4096);
const perChannel = z.tuple([z.number(), z.number(), z.number()]);
const ruleSchema: z.ZodType<PreprocessRule> = z.strictObject({
  resize: z.strictObject({ kind: z.literal("squeeze"), width: side, height: side, filter: z.literal("triangle") }),
  channels: z.enum(["RGB", "BGR"]),
  layout: z.literal("NCHW"),
  mean: perChannel,
  scale: perChannel,
});

/**
 * The rule in a parsed manifest; `where` names the bundle in the message.
 * @throws ShowtellError `BUNDLE_FORMAT` if it is no rule that this release can follow exactly.
 */
export function parsePreprocessRule(value: unknown, where = "bundle"): PreprocessRule {
  const parsed = ruleSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = ["preprocessing", ...(issue?.path ?? [])].join(".");
  throw new ShowtellError(
    "BUNDLE_FORMAT",
    `${where}: field "${field}" of the manifest is not understood (${issue?.message ?? "invalid"}): update showtell, or pack the bundle again`,
    { cause: parsed.error },
  );
}

/**
 * A picture as an encoder's input, float32 [3, height, width]; into `into` (one picture's place in a batch, say) if given.
 * @throws ShowtellError `ARGUMENT` if `into` has another length.
 */
export function preprocess(picture: Pixels, rule: PreprocessRule, into?: Float32Array): Float32Array {
  const { width, height } = rule.resize;
  const area = width * height;
  const planes = into ?? new Float32Array(3 * area);
  if (planes.length !== 3 * area) {
    throw new ShowtellError(
      "ARGUMENT",
      `the place for a preprocessed picture needs 3×${height}×${width} = ${3 * area} elements, got ${planes.length}`,
    );
  }
  const { data } = resize(picture, width, height);
  for (let channel = 0; channel < 3; channel++) {
    const mean = rule.mean[channel]!;
    const scale = rule.scale[channel]!;
    const start = channel * area;
    let from = channelOffsets[rule.channels][channel]!;
    for (let i = start; i < start + area; i++, from += 3) planes[i] = (data[from]! - mean) * scale;
  }
  return planes;
}
