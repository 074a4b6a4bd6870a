// Published encoders as bundles, in float32, float16 or int8: fetched, folded, and with the licence that came with them. And the one that
// ships, for integers.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { utf8Text } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { halvedEncoder, integerEncoder, makeEncoderBundle, quantisedEncoder } from "../bundle/encoder-bundle.ts";
import type { EncoderBundleInput } from "../bundle/encoder-bundle.ts";
import { asFloat32 } from "../bundle/precision.ts";
import type { EncoderKind, EncoderSpec } from "../models/encoder-graph.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import { readSafetensors } from "../safetensors/read.ts";
import { readBundleFile, readEncoderFile, writeBundleFile } from "./bundle-files.ts";
import { defaultEncoder, integerCalibration } from "./shipped-models.ts";
import { encoderSources, licenceOf } from "./encoder-sources.ts";
import type { PublishedPrecision } from "./encoder-sources.ts";
import { readBytes, requireWritable, unwritable } from "./files.ts";
import { openSession } from "./ort-session.ts";
import { packageFolder } from "./package-file.ts";
import type { PackageSource } from "./package-file.ts";
import { writer } from "./version.ts";
import type { EncoderPrecision } from "./weights-folder.ts";
import { encoderName, fetchedEncoder, weightsFolder } from "./weights-folder.ts";

type Tensors = ReadonlyMap<string, Tensor<"float32">>;

const rounded: Readonly<Record<PublishedPrecision, (tensors: Tensors) => ReadonlyMap<string, Tensor>>> = {
  float32: (tensors) => tensors,
  float16: halvedEncoder,
  int8: quantisedEncoder,
};

/** What a bundle is made of, but for its specification and who writes it. */
type Content = Pick<EncoderBundleInput, "tensors" | "licences">;

async function published(
  kind: EncoderKind,
  precision: PublishedPrecision,
  packageSource: PackageSource,
): Promise<Content> {
  const source = encoderSources[kind];
  const folder = await packageFolder(source.package, packageSource);
  const { notice } = source;
  const text = "text" in notice ? notice.text : utf8Text(await readBytes(join(folder, ...notice.file.split("/"))));
  const tensors = rounded[precision](await source.load(folder));
  return { tensors, licences: [licenceOf(source, precision, text)] };
}

/** The encoder that ships, for integers: of its kernels, and of what bench/encoders/calibrate.mjs found. */
async function shippedInIntegers(): Promise<Content> {
  const { encoder, manifest } = await readEncoderFile(defaultEncoder);
  const names = Object.keys(encoderOf(encoder.manifest.spec).tensors);
  const weights = new Map(names.map((name) => [name, asFloat32(encoder.tensors, name)]));
  const calibration = readSafetensors(await readBytes(integerCalibration)).tensors;
  return { tensors: integerEncoder(weights, calibration as Tensors), licences: manifest.licences };
}

async function makeBundle(
  kind: EncoderKind,
  precision: EncoderPrecision,
  packageSource: PackageSource,
): Promise<Omit<Bundle, "source">> {
  const integers = precision === "integer";
  const content = integers ? await shippedInIntegers() : await published(kind, precision, packageSource);
  const spec: EncoderSpec = { kind, ...(integers && { arithmetic: precision }) };
  return makeEncoderBundle({ ...content, spec, writer }, openSession);
}

/** What {@link fetchEncoder} found or made. */
export interface FetchedEncoder {
  readonly path: string;
  readonly identity: string;
  /** Whether it was there already, whole. */
  readonly wasThere: boolean;
}

/**
 * Puts a published encoder into a file, by default in the weights cache, unless it is there already and whole. From a package that is given
 * it is made in any case.
 * @throws ShowtellError as `packageFolder` does (`DOWNLOAD`, `INTEGRITY`, …), and `FILE_WRITE`.
 */
export async function fetchEncoder(
  kind: EncoderKind,
  precision: EncoderPrecision,
  { out, ...packageSource }: PackageSource & { readonly out?: string | undefined } = {},
): Promise<FetchedEncoder> {
  const path = out ?? fetchedEncoder(encoderName(kind, precision));
  const { title } = encoderOf({ kind });
  const identity = encoderSources[kind].identities[precision];
  if (identity === undefined)
    throw new ShowtellError(
      "ARGUMENT",
      `${title} does not compute in integers: only ResNet-50, of which a calibration ships`,
    );
  if (precision === "integer" && packageSource.from !== undefined) {
    throw new ShowtellError(
      "ARGUMENT",
      `"${packageSource.from}" is not wanted: ${title} in integers is made of what ships, so leave it out`,
    );
  }
  if (packageSource.from === undefined && (await holdsEncoder(path, identity)))
    return { path, identity, wasThere: true };
  if (out === undefined) {
    await mkdir(weightsFolder(), { recursive: true }).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
  }
  await requireWritable(path);
  const bundle = await makeBundle(kind, precision, packageSource);
  const found = bundle.encoder?.manifest.identity;
  if (found !== identity) {
    throw new ShowtellError(
      "INTERNAL",
      `${title} (${precision}) came out as ${found ?? "nothing"}, not as ${identity}`,
    );
  }
  await writeBundleFile(path, bundle);
  return { path, identity, wasThere: false };
}

/** Whether a file holds the encoder of an identity, whole. */
async function holdsEncoder(path: string, identity: string): Promise<boolean> {
  try {
    return (await readBundleFile(path)).encoder?.manifest.identity === identity;
  } catch (error) {
    if (error instanceof ShowtellError) return false; // not there, or broken: both mean to make it anew
    throw error;
  }
}
