// The encoders that there are, as plain data for a list: input, layers, sizes, licence, and which of their files are here. Loads none.
import { existsSync } from "node:fs";
import { sizeOf } from "../base/tensor.ts";
import type { PreprocessRule } from "../image/preprocess.ts";
import { shapeOfLayer } from "../models/encoder.ts";
import { encoderKinds, encoderOf, encoderTensors } from "../models/encoder-graph.ts";
import type { EncoderKind } from "../models/encoder-graph.ts";
import { defaultEncoder } from "./shipped-models.ts";
import { encoderSources } from "./encoder-sources.ts";
import type { EncoderPrecision } from "./weights-folder.ts";
import { encoderName, fetchedEncoder } from "./weights-folder.ts";

/** One precision of an encoder. */
interface ListedFile {
  readonly identity: string;
  /** Of all tensors; a file has a few kB more. */
  readonly bytes: number;
  /** Where it is, if it ships or was fetched. */
  readonly path?: string;
}

/** An encoder of the list. */
export interface ListedEncoder {
  readonly name: EncoderKind;
  readonly title: string;
  readonly preprocessing: PreprocessRule;
  /** Shape of one picture's features by layer. */
  readonly layers: Readonly<Record<string, readonly number[]>>;
  readonly parameters: number;
  readonly files: Readonly<Partial<Record<EncoderPrecision, ListedFile>>>;
  readonly origin: string;
  readonly licence: string;
  /** Where the weights are published. */
  readonly package: { readonly registry: string; readonly name: string; readonly version: string };
}

/** Bytes of a kernel's elements, besides its scales where it has any. */
const kernelBytes: Readonly<Record<EncoderPrecision, number>> = { float32: 4, float16: 2, int8: 1, integer: 1 };

/** All encoders, as they are published. */
export function listEncoders(): readonly ListedEncoder[] {
  return encoderKinds.map((name) => {
    const { title, preprocessing, layers, tensors } = encoderOf({ kind: name });
    const { origin, licence, identities, package: from } = encoderSources[name];
    return {
      name,
      title,
      preprocessing,
      layers: Object.fromEntries(Object.entries(layers).map(([layer, spec]) => [layer, shapeOfLayer(spec)])),
      parameters: Object.values(tensors).reduce((sum, shape) => sum + sizeOf(shape), 0),
      files: Object.fromEntries(
        Object.entries(identities).map(([precision, identity]) => [
          precision,
          fileOf(name, precision as EncoderPrecision, identity),
        ]),
      ),
      origin,
      licence,
      package: { registry: from.registry, name: from.name, version: from.version },
    };
  });
}

function fileOf(kind: EncoderKind, precision: EncoderPrecision, identity: string): ListedFile {
  const integers = kernelBytes[precision] === 1;
  const shapes = Object.values(encoderTensors({ kind, ...(precision === "integer" && { arithmetic: precision }) }));
  const bytes = shapes.reduce((sum, shape) => {
    if (shape.length !== 4) return sum + 4 * sizeOf(shape);
    return sum + kernelBytes[precision] * sizeOf(shape) + (integers ? 4 * shape[0]! : 0);
  }, 0);
  const ships = kind === "resnet50" && precision === "int8";
  const path = [...(ships ? [defaultEncoder] : []), fetchedEncoder(encoderName(kind, precision))].find((file) =>
    existsSync(file),
  );
  return { identity, bytes, ...(path !== undefined && { path }) };
}
