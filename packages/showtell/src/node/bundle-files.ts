// Bundles on disk: reading and writing them, and where a decoder's encoder is sought.
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { ShowtellError } from "../base/errors.ts";
import { bundleParts, readBundle } from "../bundle/bundle.ts";
import type { Bundle, BundlePart } from "../bundle/bundle.ts";
import { manifestKey, parseManifest } from "../bundle/manifest.ts";
import type { DecoderManifest, EncoderManifest, Manifest } from "../bundle/manifest.ts";
import { readBytes, systemCodeOf, writeFileAtomically } from "./files.ts";
import { shippedModels } from "./shipped-models.ts";
import { readSafetensorsFileHeader } from "./safetensors-file.ts";
import {
  fetchCommand,
  integerEncoderFile,
  integerEncoderName,
  missingEncoder,
  weightsFolder,
} from "./weights-folder.ts";

/**
 * Reads and verifies a bundle (all but its self-test).
 * @throws ShowtellError `FILE_NOT_FOUND`, and what `readBundle` throws.
 */
export async function readBundleFile(path: string): Promise<Bundle> {
  return readBundle(await readBytes(path), path);
}

/**
 * Reads a bundle for its encoder. The one in integers, which is made of what ships, is made where it is not there yet.
 * @throws ShowtellError `ENCODER_MISSING` if there is no such file, `BUNDLE_KIND` if it holds no encoder, and what {@link readBundleFile}
 * throws.
 */
export async function readEncoderFile(path: string): Promise<EncoderBundle> {
  await makeIntegers(path);
  const bundle = await readBundleFile(path).catch((error: unknown) => {
    const isMissing = error instanceof ShowtellError && systemCodeOf(error.cause) === "ENOENT";
    throw isMissing ? missingEncoder(path) : error;
  });
  const { encoder } = bundle;
  if (encoder !== undefined) return { ...bundle, encoder };
  throw new ShowtellError("BUNDLE_KIND", `"${path}" holds no encoder: name an encoder's file`);
}

/** Makes the encoder in integers of what ships, where a path is that of its file and it does not lie there, or an older one does. */
export async function makeIntegers(path: string): Promise<void> {
  if (path !== integerEncoderFile()) return;
  // Here alone: they know how every network's weights are read.
  const { encoderSources } = await import("./encoder-sources.ts");
  if ((await encoderIdentityIn(path)) === encoderSources.resnet50.identities.integer) return;
  const { fetchEncoder } = await import("./published-encoder.ts");
  await fetchEncoder("resnet50", "integer");
}

/** Writes a bundle in one step. @throws ShowtellError `FILE_WRITE`. */
export async function writeBundleFile(path: string, bundle: Omit<Bundle, "source">): Promise<void> {
  await writeFileAtomically(path, bundleParts(bundle));
}

/** The identity of the encoder in a file, from its header alone; undefined if the file is anything else. */
export async function encoderIdentityIn(path: string): Promise<string | undefined> {
  return (await manifestIn(path))?.encoder?.identity;
}

/** The identity of the decoder in a file, from its header alone; undefined if the file is anything else. */
export async function decoderIdentityIn(path: string): Promise<string | undefined> {
  return (await manifestIn(path))?.decoder?.identity;
}

/** The file of the encoder that the decoder in a file reads, where {@link findEncoder} finds it; undefined if it does not, or there is no decoder. */
export async function encoderFileOf(path: string): Promise<string | undefined> {
  const { decoder } = (await manifestIn(path)) ?? {};
  return decoder && placeOfEncoder(path, decoder);
}

/** A bundle's manifest, from its header alone; undefined if the file is anything else. */
async function manifestIn(path: string): Promise<Manifest | undefined> {
  try {
    const { metadata } = await readSafetensorsFileHeader(path);
    return metadata[manifestKey] === undefined ? undefined : parseManifest(metadata, path);
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
export async function findEncoder(path: string, decoder: DecoderManifest): Promise<EncoderBundle> {
  const found = await placeOfEncoder(path, decoder);
  if (found !== undefined) return readEncoderFile(found);
  const { encoder } = decoder;
  const { publishedName } = await import("./encoder-sources.ts"); // not above, either
  const name = publishedName(encoder.identity);
  if (name === integerEncoderName) return readEncoderFile(integerEncoderFile());
  throw new ShowtellError(
    "ENCODER_MISSING",
    `"${path}" was trained on the encoder "${encoder.name}" (${encoder.identity.slice(0, 12)}…), which is not in ${encoderFolders(path).join(", ")}: ` +
      `put it beside the bundle${name === undefined ? "" : `, or fetch it: ${fetchCommand(name)}`}`,
  );
}

/** Where the encoder of a decoder is sought: beside it, in the package, in the weights cache. */
function encoderFolders(path: string): readonly string[] {
  return [dirname(resolve(path)), shippedModels, weightsFolder()];
}

async function placeOfEncoder(path: string, { encoder }: DecoderManifest): Promise<string | undefined> {
  for (const folder of encoderFolders(path)) {
    for (const candidate of await safetensorsIn(folder)) {
      if ((await encoderIdentityIn(candidate)) === encoder.identity) return candidate;
    }
  }
  return undefined;
}
