// The model of an encoder as its manifest says it computes: in float32, or in integers.
import { ShowtellError } from "../base/errors.ts";
import { tensor } from "../base/tensor.ts";
import type { Tensor } from "../base/tensor.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { encoderGraph, integerEncoderGraph, rangesName, shiftName } from "../models/encoder-graph.ts";
import type { IntegerWeights } from "../models/integer-network.ts";
import type { BundlePart } from "./bundle.ts";
import type { EncoderManifest } from "./manifest.ts";
import { asFloat32, parameterContent, scaleName } from "./precision.ts";

/**
 * The bytes of the ONNX model of an encoder, `pictures` → layers.
 * @throws ShowtellError `ARGUMENT` if it has no such layer, `BUNDLE_TENSORS` if it is to compute in integers and its kernels are none.
 */
export function encoderModel(
  { manifest, tensors }: BundlePart<Pick<EncoderManifest, "spec">>,
  layers: readonly FeatureLayer[],
): Uint8Array {
  const { spec } = manifest;
  if (spec.arithmetic !== "integer") return encoderGraph(spec, layers, (name) => parameterContent(tensors, name));
  return integerEncoderGraph(spec, layers, integerWeights(tensors));
}

/** The weights of a network in integers as its graph takes them. */
export function integerWeights(tensors: ReadonlyMap<string, Tensor>): IntegerWeights {
  return {
    kernel: (name) => ({ quantised: integersOf(tensors, name), scale: asFloat32(tensors, scaleName(name)) }),
    bias: (name) => {
      const [bias, shift] = [asFloat32(tensors, name), asFloat32(tensors, shiftName(name))];
      return tensor(
        "float32",
        bias.shape,
        bias.data.map((value, i) => value + shift.data[i]!),
      );
    },
    ranges: asFloat32(tensors, rangesName),
  };
}

function integersOf(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor<"int8"> {
  const stored = tensors.get(name)!;
  if (stored.dtype === "int8") return stored as Tensor<"int8">;
  throw new ShowtellError(
    "BUNDLE_TENSORS",
    `the encoder computes in integers, but its "${name}" is ${stored.dtype}: pack it again`,
  );
}
