// Training pictures by their features, with their captions, and what was learnt of how these fit those: what a captioner's own sentences are
// held against. Float16 tensors and lists; knows nothing of the file that they lie in, finds no neighbour and matches nothing.
import { z } from "zod";
import { utf8Bytes, utf8Text } from "../base/bytes.ts";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor } from "../base/tensor.ts";
import { matcherParameters } from "../models/matcher.ts";

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

/** What tells how well a sentence fits a picture. */
export interface Matcher {
  /** The words that it knows. */
  readonly words: readonly string[];
  /** The parameters of models/matcher.ts by name, as float16 bits. */
  readonly weights: Readonly<Record<string, Tensor<"float16">>>;
}

/** Pictures and their vectors. */
export interface NeighbourTable extends NeighbourDescription {
  readonly pictures: readonly NeighbourPicture[];
  /** Features of length 1 as float16 bits, [pictures, channels]. */
  readonly vectors: Tensor<"float16">;
  /** Learnt from these pictures; none in a table that was made before there were any, or of too few captions. */
  readonly matcher?: Matcher | undefined;
}

/** Named tensors and texts, as a safetensors file holds them. */
export interface NeighbourFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The only key of the metadata. */
const metadataKey = "neighbours";

/** The tensor of a matcher's words, which there is if there is a matcher. */
const matcherWords = "matcher.list";

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

/** Things as lines of JSON in a tensor, since a header has a bound that many captions exceed. */
function linesTensor(things: readonly unknown[]): Tensor<"uint8"> {
  const lines = utf8Bytes(things.map((one) => `${JSON.stringify(one)}\n`).join(""));
  return tensor("uint8", [lines.length], lines);
}

/** The things in a tensor's lines, each of a shape. */
function linesIn<T>(lines: Tensor, shape: z.ZodType<T>): T[] {
  return utf8Text(lines.data as Uint8Array)
    .split("\n")
    .slice(0, -1)
    .map((line) => shape.parse(JSON.parse(line)));
}

/** A table as a file holds it. */
export function packNeighbours({ pictures, vectors, matcher, ...described }: NeighbourTable): NeighbourFile {
  return {
    tensors: new Map<string, Tensor>([
      ["vectors", vectors],
      ["pictures", linesTensor(pictures)],
      ...(matcher ? [[matcherWords, linesTensor(matcher.words)] as const, ...Object.entries(matcher.weights)] : []),
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
    const pictures = linesIn(lines, picture) as readonly NeighbourPicture[];
    const list = tensors.get(matcherWords);
    const words = list && linesIn(list, z.string());
    table = { ...described, pictures, vectors: vectors as Tensor<"float16"> };
    if (words !== undefined)
      table = { ...table, matcher: { words, weights: weightsIn(tensors, vectors.shape[1]!, words.length) } };
  } catch (cause) {
    throw bad(messageOf(cause), cause);
  }
  const { pictures } = table;
  if (pictures.length !== vectors.shape[0])
    throw bad(`it has ${pictures.length} pictures and ${vectors.shape[0]} vectors`);
  return table;
}

/** A matcher's weights among the tensors of a file. @throws Error that says which one does not fit. */
function weightsIn(tensors: NeighbourFile["tensors"], channels: number, words: number): Matcher["weights"] {
  const weights = Object.entries(matcherParameters({ channels, words })).map(([name, { shape }]) => {
    const found = tensors.get(name);
    if (found?.dtype !== "float16" || found.shape.join() !== shape.join())
      throw new Error(`its tensor "${name}" is no float16 of the shape [${shape.join(", ")}]`);
    return [name, found as Tensor<"float16">] as const;
  });
  return Object.fromEntries(weights);
}
