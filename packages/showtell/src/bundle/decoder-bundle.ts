// Makes decoder bundles: weights with everything that captioning needs to know about them.
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import type { OpenSession } from "../engine/session.ts";
import { decoderOf } from "../models/catalogue.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import type { FrequencyTable } from "../text/frequency-table.ts";
import type { Bundle, BundlePart } from "./bundle.ts";
import { decoderIdentity } from "./bundle.ts";
import { canonicalJson } from "./identity.ts";
import type { DecoderManifest, EncoderManifest, Licence, Manifest, TrainingRecord } from "./manifest.ts";
import { manifestVersion } from "./manifest.ts";
import { asFloat32, toFloat16 } from "./precision.ts";
import { referencesPart } from "./references.ts";
import { decoderSelfTest } from "./self-test.ts";

/** What a decoder bundle is made of. */
export interface DecoderBundleInput {
  readonly decoder: Omit<DecoderManifest, "identity" | "selfTest">;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly training?: TrainingRecord | undefined;
  /** Document frequencies of the training references. */
  readonly references?: FrequencyTable | undefined;
  readonly licences: readonly Licence[];
  /** Name and version of what writes it. */
  readonly writer: string;
}

/** A decoder bundle with identity and self-test. */
export async function makeDecoderBundle(
  { decoder, tensors, training, references, licences, writer }: DecoderBundleInput,
  openSession: OpenSession,
): Promise<Omit<Bundle, "source">> {
  const selfTest = await decoderSelfTest({ manifest: decoder, tensors }, openSession);
  const manifest: DecoderManifest = { ...decoder, identity: decoderIdentity(tensors, decoder), selfTest };
  const bundle: Omit<Bundle, "source"> = {
    manifest: {
      version: manifestVersion,
      writer,
      decoder: manifest,
      ...(training && { training }),
      licences: [...licences],
    },
    decoder: { manifest, tensors },
  };
  return references === undefined ? bundle : withReferences(bundle, references);
}

/** The same bundle with document frequencies of its decoder's training references, in place of those that it may have. */
export function withReferences(bundle: Omit<Bundle, "source">, table: FrequencyTable): Omit<Bundle, "source"> {
  const references = referencesPart(table);
  return { ...bundle, manifest: { ...bundle.manifest, references: references.manifest }, references };
}

/** The precision of a decoder's weights at rest. */
export type DecoderPrecision = "float32" | "float16";

/** The same decoder with its weights in another precision: a new identity, and a self-test of its own. */
export async function withPrecision(
  bundle: Omit<Bundle, "source">,
  precision: DecoderPrecision,
  openSession: OpenSession,
): Promise<Omit<Bundle, "source">> {
  const { decoder, manifest } = bundle;
  if (decoder === undefined)
    throw new ShowtellError("BUNDLE_KIND", "only a decoder's precision can be changed, and there is none");
  const tensors = new Map<string, Tensor>();
  const { spec } = decoder.manifest;
  // By parameters, not by tensors: those stored as int8 have scales beside them, which go.
  for (const name of Object.keys(decoderOf(spec).parameters(spec))) {
    const wide = asFloat32(decoder.tensors, name);
    tensors.set(name, precision === "float16" ? toFloat16(wide) : wide);
  }
  const { training, licences, writer } = manifest;
  const changed = await makeDecoderBundle(
    { decoder: decoder.manifest, tensors, training, licences, writer },
    openSession,
  );
  return { ...bundle, ...changed, manifest: calibratedAsIs({ ...manifest, ...changed.manifest }) };
}

/** What a bundle says, without a calibration that was of another decoder than its own. */
function calibratedAsIs(manifest: Manifest): Manifest {
  const { calibration, ...others } = manifest;
  return calibration?.decoder === manifest.decoder?.identity ? manifest : others;
}

/**
 * A self-contained bundle: a decoder with the encoder that it was trained on.
 * @throws ShowtellError `BUNDLE_KIND` if there is no decoder, `ENCODER_MISMATCH` if it was trained on another encoder.
 */
export function withEncoder(
  bundle: Omit<Bundle, "source">,
  encoder: BundlePart<EncoderManifest>,
  licences: readonly Licence[],
): Omit<Bundle, "source"> {
  const { decoder, manifest, references } = bundle;
  if (decoder === undefined) throw new ShowtellError("BUNDLE_KIND", "there is no decoder to join the encoder to");
  const wanted = decoder.manifest.encoder;
  if (encoder.manifest.identity !== wanted.identity) {
    throw new ShowtellError(
      "ENCODER_MISMATCH",
      `the decoder was trained on encoder ${wanted.identity.slice(0, 12)}… ("${wanted.name}"), this one is ${encoder.manifest.identity.slice(0, 12)}…: name that one, or the same in another precision`,
    );
  }
  const known = new Set(manifest.licences.map(({ part, origin }) => `${part} ${origin}`));
  const added = licences.filter(({ part, origin }) => !known.has(`${part} ${origin}`));
  return {
    manifest: { ...manifest, encoder: encoder.manifest, licences: [...manifest.licences, ...added] },
    decoder,
    encoder,
    ...(references && { references }),
  };
}

/**
 * Whether two encoders are one network in two precisions, at rest or of arithmetic: the same kind, preprocessing and biases. Kernels are
 * rounded, biases never are, and a network that learnt on has others.
 */
export function sameNetwork(a: BundlePart<EncoderManifest>, b: BundlePart<EncoderManifest>): boolean {
  const described = ({ manifest: { spec, preprocessing } }: typeof a): string =>
    canonicalJson({ kind: spec.kind, preprocessing });
  if (described(a) !== described(b)) return false;
  const biases = Object.entries(encoderOf(a.manifest.spec).tensors).filter(([, shape]) => shape.length === 1);
  return biases.every(([name]) => {
    const [one, other] = [asFloat32(a.tensors, name).data, asFloat32(b.tensors, name).data];
    return one.every((value, i) => value === other[i]);
  });
}

/**
 * The same decoder for another encoder than the one it was trained on, its twin in another precision: a new identity, the same self-test.
 * Whether it is one is for {@link sameNetwork} to say.
 * @throws ShowtellError `BUNDLE_KIND` if there is no decoder.
 */
export function readingThrough(bundle: Omit<Bundle, "source">, identity: string): Omit<Bundle, "source"> {
  const { decoder, manifest, ...alone } = withoutEncoder(bundle);
  const { manifest: before, tensors } = decoder!;
  const reads = { ...before, encoder: { ...before.encoder, identity } };
  const after: DecoderManifest = { ...reads, identity: decoderIdentity(tensors, reads) };
  const changed = calibratedAsIs({ ...manifest, decoder: after });
  return { ...alone, manifest: changed, decoder: { manifest: after, tensors } };
}

/**
 * The decoder alone, without the encoder that may be in its bundle.
 * @throws ShowtellError `BUNDLE_KIND` if there is no decoder.
 */
export function withoutEncoder({ decoder, manifest, references }: Omit<Bundle, "source">): Omit<Bundle, "source"> {
  if (decoder === undefined) throw new ShowtellError("BUNDLE_KIND", "there is no decoder that could stand alone");
  const { encoder: _encoder, ...rest } = manifest;
  const licences = manifest.licences.filter(({ part }) => part !== "encoder");
  return { manifest: { ...rest, licences }, decoder, ...(references && { references }) };
}
