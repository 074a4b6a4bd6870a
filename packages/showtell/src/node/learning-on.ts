// A bundle whose decoder learns on: whether it fits a run, and what its new words start from. Trains nothing.
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { seededRandom } from "../base/random.ts";
import type { Bundle, BundlePart } from "../bundle/bundle.ts";
import type { DecoderManifest, EncoderManifest, Licence, TrainingRecord } from "../bundle/manifest.ts";
import { asFloat32 } from "../bundle/precision.ts";
import type { EmbeddingTable } from "../text/word-vectors.ts";
import { furtherRows } from "../text/word-vectors.ts";
import { readBundleFile } from "./bundle-files.ts";
import type { TrainingRequest } from "./training-request.ts";
import { readGlove, readWordVectors } from "./word-vectors.ts";

/** A decoder that learns on, with what its bundle says of it. */
export interface LearntDecoder extends BundlePart<DecoderManifest> {
  readonly path: string;
  readonly training: TrainingRecord | undefined;
  readonly licences: readonly Licence[];
}

/**
 * The decoder of a bundle, if it is what the request says and reads this encoder's features.
 * @throws ShowtellError `BUNDLE_KIND`, `ARGUMENT`, `ENCODER_MISMATCH`, and what reading a bundle throws.
 */
export async function decoderToLearnOn(
  path: string,
  { decoder: kind }: TrainingRequest,
  encoder: BundlePart<EncoderManifest>,
): Promise<LearntDecoder> {
  const { decoder, manifest } = await readBundleFile(path);
  if (decoder === undefined)
    throw new ShowtellError("BUNDLE_KIND", `"${path}" holds no decoder: name the bundle of a trained captioner`);
  const { spec, encoder: read } = decoder.manifest;
  if (spec.kind !== kind)
    throw new ShowtellError(
      "ARGUMENT",
      `"${path}" holds the decoder ${spec.kind}, not ${kind}: pass --decoder ${spec.kind}`,
    );
  if (read.identity !== encoder.manifest.identity)
    throw new ShowtellError(
      "ENCODER_MISMATCH",
      `"${path}" was trained on encoder ${read.identity.slice(0, 12)}… ("${read.name}"): name that one with --encoder`,
    );
  return { ...decoder, path, training: manifest.training, licences: licencesOf(manifest) };
}

/** What is said of all but the encoder. */
function licencesOf({ licences }: Bundle["manifest"]): readonly Licence[] {
  return licences.filter(({ part }) => part !== "encoder");
}

/** Where a decoder's word vectors came from, if its bundle says so: "glove", "random", or the path of a file. */
export function embeddingsOf({ manifest, training }: LearntDecoder): string | undefined {
  if (manifest.spec.vectors === "random") return "random"; // whatever it was told, which a release had wrong
  const options = training?.["options"] as { readonly embeddings?: unknown } | undefined;
  return typeof options?.embeddings === "string" ? options.embeddings : undefined;
}

/** Where vectors of new words come from: where the decoder's did, for those of two sources have nothing in common. A file may have moved. */
function sourceOf(asked: string, init: LearntDecoder): string {
  const before = embeddingsOf(init);
  const isFile = before !== undefined && !namedSources.has(before);
  return before === undefined || (isFile && !namedSources.has(asked)) ? asked : before;
}

const namedSources: ReadonlySet<string> = new Set(["glove", "random"]);

/**
 * Vectors of words that a decoder gets besides its own; undefined if there are none. They come from where the decoder's came from, or are
 * drawn to be like the decoder's.
 * @throws ShowtellError `ARGUMENT` if vectors are of another size than the decoder's, and what reading them throws.
 */
export async function newWordVectors(
  { embeddings, training: { seed } }: Pick<TrainingRequest, "embeddings" | "training">,
  init: LearntDecoder,
  words: readonly string[],
  signal: CancelSignal,
): Promise<EmbeddingTable | undefined> {
  if (words.length === 0) return undefined;
  const { vectorSize: size } = init.manifest.spec;
  const table = asFloat32(init.tensors, "words.vectors").data;
  const random = seededRandom(seed, "word vectors");
  const source = sourceOf(embeddings, init);
  if (source === "random") return furtherRows(table, size, words, new Map(), random);
  const wanted = new Set(words);
  const found = source === "glove" ? await readGlove(wanted) : await readWordVectors(source, wanted, signal);
  if (found.size === size) return furtherRows(table, size, words, found.vectors, random);
  throw new ShowtellError(
    "ARGUMENT",
    `the word vectors of "${init.path}" have ${size} numbers, those of ${source} ${found.size}: name the file that they came from with --embeddings`,
  );
}
