// A bundle: one safetensors file with an encoder, a decoder, or both. Reading verifies everything but the self-test.
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { decoderOf } from "../models/catalogue.ts";
import { encoderTensors } from "../models/encoder-graph.ts";
import { readSafetensors } from "../safetensors/read.ts";
import { safetensorsParts } from "../safetensors/write.ts";
import { parseVocabulary } from "../text/vocabulary.ts";
import { checkIdentity, identityOf } from "./identity.ts";
import type { DecoderManifest, EncoderManifest, Manifest, ReferencesManifest } from "./manifest.ts";
import { manifestKey, parseManifest } from "./manifest.ts";
import { checkTensors } from "./precision.ts";
import { checkReferences } from "./references.ts";

/** A part of a bundle: what it is, and its tensors by name. */
export interface BundlePart<PartManifest> {
  readonly manifest: PartManifest;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A bundle in memory. */
export interface Bundle {
  /** What messages call it: usually its path. */
  readonly source: string;
  readonly manifest: Manifest;
  readonly encoder?: BundlePart<EncoderManifest>;
  readonly decoder?: BundlePart<DecoderManifest>;
  /** Document frequencies of the decoder's training references. */
  readonly references?: BundlePart<ReferencesManifest>;
}

const partNames = ["encoder", "decoder", "references"] as const;
type PartName = (typeof partNames)[number];

function tensorsOf(all: ReadonlyMap<string, Tensor>, part: PartName): ReadonlyMap<string, Tensor> {
  const prefix = `${part}.`;
  return new Map(
    [...all].flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  );
}

/** The identity of an encoder: its tensors, network and preprocessing. */
export function encoderIdentity(
  tensors: ReadonlyMap<string, Tensor>,
  { spec, preprocessing }: Pick<EncoderManifest, "spec" | "preprocessing">,
): string {
  return identityOf(tensors, { spec, preprocessing });
}

/** The identity of a decoder: its tensors, architecture, vocabulary and the features it reads. */
export function decoderIdentity(
  tensors: ReadonlyMap<string, Tensor>,
  { spec, vocabulary, encoder }: Pick<DecoderManifest, "spec" | "vocabulary" | "encoder">,
): string {
  return identityOf(tensors, {
    spec,
    words: vocabulary.words,
    encoder: { identity: encoder.identity, layer: encoder.layer },
  });
}

function checkEncoder({ manifest, tensors }: BundlePart<EncoderManifest>, source: string): void {
  checkTensors(tensors, encoderTensors(manifest.spec), source);
  checkIdentity(encoderIdentity(tensors, manifest), manifest.identity, "encoder", source);
}

function checkDecoder({ manifest, tensors }: BundlePart<DecoderManifest>, source: string): void {
  const { spec, vocabulary } = manifest;
  const { words } = parseVocabulary(vocabulary, `"${source}"`);
  if (words.length !== spec.words) {
    throw new ShowtellError(
      "BUNDLE_FORMAT",
      `"${source}": the vocabulary has ${words.length} words, the decoder ${spec.words}: pack it again`,
    );
  }
  const shapes = Object.entries(decoderOf(spec).parameters(spec)).map(([name, { shape }]) => [name, shape] as const);
  checkTensors(tensors, Object.fromEntries(shapes), source);
  checkIdentity(decoderIdentity(tensors, manifest), manifest.identity, "decoder", source);
}

/** A decoder must not read another encoder's features, even if both lie in one file. */
function checkPair({ encoder, decoder }: Manifest, source: string): void {
  if (encoder === undefined || decoder === undefined || encoder.identity === decoder.encoder.identity) return;
  throw new ShowtellError(
    "ENCODER_MISMATCH",
    `"${source}": the decoder was trained on the encoder "${decoder.encoder.name}" (${decoder.encoder.identity.slice(0, 12)}…), the one ` +
      `in the file is ${encoder.identity.slice(0, 12)}…: pack the bundle again`,
  );
}

/**
 * Reads a bundle; tensors are views of `bytes`. Verified are format, version, names, shapes, vocabulary and identity.
 * @param source What messages call it.
 * @throws ShowtellError `SAFETENSORS_FORMAT`, `BUNDLE_FORMAT`, `BUNDLE_VERSION`, `BUNDLE_TENSORS`, `VOCABULARY` or `ENCODER_MISMATCH`.
 */
export function readBundle(bytes: Uint8Array, source: string): Bundle {
  const { tensors, metadata } = readSafetensors(bytes, { source });
  const manifest = parseManifest(metadata, source);
  const stranger = [...tensors.keys()].find(
    (name) => !partNames.some((part) => manifest[part] && name.startsWith(`${part}.`)),
  );
  if (stranger !== undefined)
    throw new ShowtellError("BUNDLE_TENSORS", `"${source}": tensor "${stranger}" belongs to no part of the bundle`);
  const encoder = manifest.encoder && { manifest: manifest.encoder, tensors: tensorsOf(tensors, "encoder") };
  const decoder = manifest.decoder && { manifest: manifest.decoder, tensors: tensorsOf(tensors, "decoder") };
  const references = manifest.references && {
    manifest: manifest.references,
    tensors: tensorsOf(tensors, "references"),
  };
  if (encoder !== undefined) checkEncoder(encoder, source);
  if (decoder !== undefined) checkDecoder(decoder, source);
  if (references !== undefined) checkReferences(references, source);
  checkPair(manifest, source);
  return {
    source,
    manifest,
    ...(encoder && { encoder }),
    ...(decoder && { decoder }),
    ...(references && { references }),
  };
}

function prefixed(part: PartName, tensors: ReadonlyMap<string, Tensor> = new Map()): [string, Tensor][] {
  return [...tensors].map(([name, value]) => [`${part}.${name}`, value]);
}

/** A bundle's file in pieces, in order. */
export function bundleParts({ manifest, encoder, decoder, references }: Omit<Bundle, "source">): readonly Uint8Array[] {
  const tensors = new Map([
    ...prefixed("encoder", encoder?.tensors),
    ...prefixed("decoder", decoder?.tensors),
    ...prefixed("references", references?.tensors),
  ]);
  const complete = {
    ...manifest,
    ...(encoder && { encoder: encoder.manifest }),
    ...(decoder && { decoder: decoder.manifest }),
    ...(references && { references: references.manifest }),
  };
  return safetensorsParts(tensors, { [manifestKey]: JSON.stringify(complete) });
}
