// Bundles on disk: reading and writing them, the models that ship, and where a decoder's encoder is sought.
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ShowtellError } from "../base/errors.ts";
import { bundleParts, readBundle } from "../bundle/bundle.ts";
import type { Bundle, BundlePart } from "../bundle/bundle.ts";
import { manifestKey, parseManifest } from "../bundle/manifest.ts";
import type { DecoderManifest, EncoderManifest } from "../bundle/manifest.ts";
import { readBytes, writeFileAtomically } from "./files.ts";
import { readSafetensorsFileHeader } from "./safetensors-file.ts";
import { weightsFolder } from "./weights-folder.ts";

/** The folder of the models that ship with the package. */
export const shippedModels: string = fileURLToPath(new URL("../../models/", import.meta.url));

/** The decoder that captions by default. */
export const defaultModel: string = join(shippedModels, "flickr8k.safetensors");

/** The encoder that ships: ResNet-50 with int8 weights. */
export const defaultEncoder: string = join(shippedModels, "resnet50-int8.safetensors");

/**
 * Reads and verifies a bundle (all but its self-test).
 * @throws ShowtellError `FILE_NOT_FOUND`, and what `readBundle` throws.
 */
export async function readBundleFile(path: string): Promise<Bundle> {
  return readBundle(await readBytes(path), path);
}

/**
 * Reads a bundle for its encoder.
 * @throws ShowtellError `BUNDLE_KIND` if it has none, and what {@link readBundleFile} throws.
 */
export async function readEncoderFile(path: string): Promise<EncoderBundle> {
  const bundle = await readBundleFile(path);
  const { encoder } = bundle;
  if (encoder !== undefined) return { ...bundle, encoder };
  throw new ShowtellError("BUNDLE_KIND", `"${path}" holds no encoder: name an encoder's file`);
}

/** Writes a bundle in one step. @throws ShowtellError `FILE_WRITE`. */
export async function writeBundleFile(path: string, bundle: Omit<Bundle, "source">): Promise<void> {
  await writeFileAtomically(path, bundleParts(bundle));
}

/** The identity of the encoder in a file, from its header alone; undefined if the file is anything else. */
export async function encoderIdentityIn(path: string): Promise<string | undefined> {
  try {
    const { metadata } = await readSafetensorsFileHeader(path);
    return metadata[manifestKey] === undefined ? undefined : parseManifest(metadata, path).encoder?.identity;
  } catch (error) {
    // A broken file next to the right one must not hide it.
    if (error instanceof ShowtellError) return undefined;
    throw error;
  }
}

async function safetensorsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith(".safetensors")).map((name) => join(folder, name));
}

/**
 * Reads a bundle for its decoder.
 * @throws ShowtellError `BUNDLE_KIND` if it has none, and what {@link readBundleFile} throws.
 */
export async function readDecoderFile(path: string): Promise<DecoderBundle> {
  const bundle = await readBundleFile(path);
  const { decoder } = bundle;
  if (decoder !== undefined) return { ...bundle, decoder };
  throw new ShowtellError("BUNDLE_KIND", `"${path}" holds an encoder but no decoder: name the bundle of a captioner`);
}

/** A bundle that has a decoder. */
export type DecoderBundle = Bundle & { readonly decoder: BundlePart<DecoderManifest> };

/** A bundle that has an encoder. */
export type EncoderBundle = Bundle & { readonly encoder: BundlePart<EncoderManifest> };

/**
 * Finds the encoder of a decoder at a path: beside it, in the package, in the weights cache, in this order.
 * @throws ShowtellError `ENCODER_MISSING` naming where was looked.
 */
export async function findEncoder(path: string, { encoder }: DecoderManifest): Promise<EncoderBundle> {
  const folders = [dirname(resolve(path)), shippedModels, weightsFolder()];
  for (const folder of folders) {
    for (const candidate of await safetensorsIn(folder)) {
      if ((await encoderIdentityIn(candidate)) === encoder.identity) return readEncoderFile(candidate);
    }
  }
  throw new ShowtellError(
    "ENCODER_MISSING",
    `"${path}" was trained on the encoder "${encoder.name}" (${encoder.identity.slice(0, 12)}…), which is not in ${folders.join(", ")}: ` +
      `put it beside the bundle, or fetch it: showtell weights fetch ${encoder.name}`,
  );
}
