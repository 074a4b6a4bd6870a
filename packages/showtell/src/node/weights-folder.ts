// Where weights lie by their names: those that ship, and fetched and converted ones. Reads no file.
import { basename, join } from "node:path";
import { ShowtellError } from "../base/errors.ts";
import type { EncoderKind } from "../models/encoder-graph.ts";
import { encoderKinds } from "../models/encoder-graph.ts";
import { cacheFolder } from "./cache-folder.ts";
import { defaultEncoder } from "./shipped-models.ts";

/** The precisions of an encoder's kernels at rest; "integer" is what also computes in integers. */
export const encoderPrecisions = ["float32", "float16", "int8", "integer"] as const;
/** One of them. */
export type EncoderPrecision = (typeof encoderPrecisions)[number];

/** The folder of fetched and converted weights. */
export function weightsFolder(): string {
  return join(cacheFolder(), "weights");
}

/** What an encoder of the catalogue is called: "resnet50" in float32, else "resnet50-int8" and so on. */
export function encoderName(kind: EncoderKind, precision: EncoderPrecision): string {
  return precision === "float32" ? kind : `${kind}-${precision}`;
}

/** The name of the encoder that is made of the one that ships, and fetched from nowhere. */
export const integerEncoderName: string = encoderName("resnet50", "integer");

const catalogueNames = encoderKinds.flatMap((kind) =>
  encoderPrecisions.map((precision) => encoderName(kind, precision)),
);

/** The command that fetches an encoder of such a name. */
export function fetchCommand(name: string): string {
  const precision = encoderPrecisions.find((one) => name.endsWith(`-${one}`));
  return `showtell weights fetch ${precision === undefined ? name : name.replace(`-${precision}`, ` --${precision}`)}`;
}

/** Where an encoder of such a name lies once it was fetched. */
export function fetchedEncoder(name: string): string {
  return join(weightsFolder(), `${name}.safetensors`);
}

/** Where the encoder lies that is made of the one that ships, and that trainings read by default; it need not be there yet. */
export function integerEncoderFile(): string {
  return fetchedEncoder(integerEncoderName);
}

/** Says that the file of an encoder is not there, with the command that fetches it if it is one of the catalogue's. */
export function missingEncoder(path: string, what = "the encoder"): ShowtellError {
  const name = catalogueNames.find((one) => fetchedEncoder(one) === path);
  const remedy =
    name === undefined
      ? "name the file of another, or one that `showtell weights list` has by its name"
      : `fetch it (${fetchCommand(name)}), or name another`;
  return new ShowtellError("ENCODER_MISSING", `${what} "${path}" is not there: ${remedy}`);
}

/** The file of an encoder: that of the one that ships or of a fetched one, for its {@link encoderName}; else the path given. */
export function encoderFile(nameOrPath: string): string {
  if (`${nameOrPath}.safetensors` === basename(defaultEncoder)) return defaultEncoder;
  return catalogueNames.includes(nameOrPath) ? fetchedEncoder(nameOrPath) : nameOrPath;
}
