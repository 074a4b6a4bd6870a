// Training pictures by their features, with their captions: what a captioner's own sentences are held against. One float16 tensor and a
// list; knows nothing of the file that they lie in, and finds no neighbour.
import { z } from "zod";
import { utf8Bytes, utf8Text } from "../base/bytes.ts";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor } from "../base/tensor.ts";

/** A picture with its captions, as they were written. */
export interface NeighbourPicture {
  readonly image: string;
  readonly captions: readonly string[];
}

/** What is said of a table. */
export interface NeighbourDescription {
  readonly version: 1;
  /** Name and version of what wrote it. */
  readonly writer: string;
  readonly encoder: { readonly identity: string; readonly name: string };
  /** Which of its features; those of a grid are averaged, and are then the pooled ones. */
  readonly layer: string;
  readonly data: { readonly name: string; readonly split: string };
}

/** Pictures and their vectors. */
export interface NeighbourTable extends NeighbourDescription {
  readonly pictures: readonly NeighbourPicture[];
  /** Features of length 1 as float16 bits, [pictures, channels]. */
  readonly vectors: Tensor<"float16">;
}

/** Named tensors and texts, as a safetensors file holds them. */
export interface NeighbourFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The only key of the metadata. */
const metadataKey = "neighbours";

const description = z.looseObject({
  version: z.literal(1),
  writer: z.string(),
  encoder: z.looseObject({ identity: z.string(), name: z.string() }),
  layer: z.string(),
  data: z.looseObject({ name: z.string(), split: z.string() }),
});

const picture = z.looseObject({ image: z.string(), captions: z.array(z.string()) });

/** The layer whose features a mean over positions gives. */
export function pooledLayer(layer: string): string {
  return layer === "grid" ? "pooled" : layer;
}

/** A table as a file holds it; captions lie in a tensor, since a header has a bound that many captions exceed. */
export function packNeighbours({ pictures, vectors, ...described }: NeighbourTable): NeighbourFile {
  const lines = utf8Bytes(pictures.map((one) => `${JSON.stringify(one)}\n`).join(""));
  return {
    tensors: new Map<string, Tensor>([
      ["vectors", vectors],
      ["pictures", tensor("uint8", [lines.length], lines)],
    ]),
    metadata: { [metadataKey]: JSON.stringify(described) },
  };
}

/**
 * The table in a file; `where` names it.
 * @throws ShowtellError `NEIGHBOURS_FORMAT` if it is another file, of another version, damaged, or its parts do not fit each other.
 */
export function unpackNeighbours({ tensors, metadata }: NeighbourFile, where: string): NeighbourTable {
  const bad = (what: string, cause?: unknown): ShowtellError =>
    new ShowtellError(
      "NEIGHBOURS_FORMAT",
      `"${where}" is no table of neighbours that can be read: ${what}; showtell neighbours build makes one`,
      { cause },
    );
  const text = metadata[metadataKey];
  if (text === undefined) throw bad(`it has no metadata "${metadataKey}"`);
  const [vectors, lines] = [tensors.get("vectors"), tensors.get("pictures")];
  if (vectors?.dtype !== "float16" || vectors.shape.length !== 2)
    throw bad('its tensor "vectors" is no float16 matrix');
  if (lines?.dtype !== "uint8") throw bad('its tensor "pictures" is no text');
  let table: NeighbourTable;
  try {
    const described = description.parse(JSON.parse(text)) as NeighbourDescription;
    const pictures = utf8Text(lines.data as Uint8Array)
      .split("\n")
      .slice(0, -1)
      .map((line) => picture.parse(JSON.parse(line)) as NeighbourPicture);
    table = { ...described, pictures, vectors: vectors as Tensor<"float16"> };
  } catch (cause) {
    throw bad(messageOf(cause), cause);
  }
  const { pictures } = table;
  if (pictures.length !== vectors.shape[0])
    throw bad(`it has ${pictures.length} pictures and ${vectors.shape[0]} vectors`);
  return table;
}
