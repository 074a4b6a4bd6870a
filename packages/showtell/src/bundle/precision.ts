// Weights at rest: float32, float16, or int8 with a scale for each output channel. In arithmetic they are always float32.
import { ShowtellError } from "../base/errors.ts";
import { decodeFloat16, encodeFloat16 } from "../base/float16.ts";
import type { Tensor } from "../base/tensor.ts";
import { bytesOf, sizeOf, tensor, zeros } from "../base/tensor.ts";
import type { ParameterContent } from "../graph/export.ts";
import type { Quantised } from "../graph/operators/quantisation.ts";

/** The name of the scales that belong to an int8 tensor. */
export function scaleName(name: string): string {
  return `${name}.scale`;
}

/** Halves the size of a float32 tensor. */
export function toFloat16(value: Tensor): Tensor<"float16"> {
  return tensor("float16", value.shape, encodeFloat16(value.data as Float32Array));
}

/**
 * A float32 tensor [outputs, ...] as int8 and scales [outputs]: w ≈ q · scale, symmetric, the scale being the largest
 * magnitude of the channel / `largest`.
 * @param least The least scale of a channel. Default: none.
 */
export function quantise(value: Tensor, largest = 127, least: (output: number) => number = () => 0): Quantised {
  const outputs = value.shape[0]!;
  const length = value.data.length / outputs;
  const weights = value.data as Float32Array;
  const quantised = zeros("int8", value.shape);
  const scale = zeros("float32", [outputs]);
  for (let output = 0; output < outputs; output++) {
    let magnitude = 0;
    for (let i = output * length; i < (output + 1) * length; i++)
      magnitude = Math.max(magnitude, Math.abs(weights[i]!));
    scale.data[output] = Math.max(magnitude / largest, least(output));
    const step = scale.data[output]! || 1;
    for (let i = output * length; i < (output + 1) * length; i++) quantised.data[i] = Math.round(weights[i]! / step);
  }
  return { quantised, scale };
}

/** Writes w = q · scale channel by channel; `target` may lie at any byte. */
function writeDequantised(quantised: Tensor, scale: Float32Array, target: Uint8Array): void {
  const length = quantised.data.length / scale.length;
  const channel = new Float32Array(length);
  const bytes = new Uint8Array(channel.buffer);
  const source = quantised.data as Int8Array;
  for (let output = 0; output < scale.length; output++) {
    for (let i = 0; i < length; i++) channel[i] = source[output * length + i]! * scale[output]!;
    target.set(bytes, output * bytes.length);
  }
}

/** Checks that a stored tensor can stand for a float32 parameter of this shape. */
function checkStored(
  tensors: ReadonlyMap<string, Tensor>,
  name: string,
  shape: readonly number[],
  source: string,
): Tensor {
  const stored = tensors.get(name);
  const fail = (what: string): ShowtellError =>
    new ShowtellError(
      "BUNDLE_TENSORS",
      `"${source}": tensor "${name}" ${what}; the file does not fit its own manifest: pack it again`,
    );
  if (stored === undefined) throw fail("is missing");
  if (stored.shape.join() !== shape.join())
    throw fail(`has shape [${stored.shape.join(", ")}] instead of [${shape.join(", ")}]`);
  if (!["float32", "float16", "int8"].includes(stored.dtype)) throw fail(`has element type ${stored.dtype}`);
  if (stored.dtype !== "int8") return stored;
  const scale = tensors.get(scaleName(name));
  if (scale?.dtype !== "float32" || scale.data.length !== shape[0])
    throw fail(`has no float32 scales for its ${shape[0]} outputs`);
  return stored;
}

/**
 * Checks a table of parameters against stored tensors: all there, with these shapes, and nothing besides.
 * @throws ShowtellError `BUNDLE_TENSORS` naming the tensor.
 */
export function checkTensors(
  tensors: ReadonlyMap<string, Tensor>,
  shapes: Readonly<Record<string, readonly number[]>>,
  source: string,
): void {
  const known = new Set<string>();
  for (const [name, shape] of Object.entries(shapes)) {
    known.add(name);
    if (checkStored(tensors, name, shape, source).dtype === "int8") known.add(scaleName(name));
  }
  const stranger = [...tensors.keys()].find((name) => !known.has(name));
  if (stranger !== undefined) {
    throw new ShowtellError(
      "BUNDLE_TENSORS",
      `"${source}": tensor "${stranger}" belongs to no parameter of its model: pack it again`,
    );
  }
}

/** The float32 contents of a stored parameter for a model file; what is stored smaller is widened straight into its buffer. */
export function parameterContent(tensors: ReadonlyMap<string, Tensor>, name: string): ParameterContent {
  const stored = tensors.get(name)!;
  if (stored.dtype === "float32") return stored;
  if (stored.dtype === "int8") {
    const scale = tensors.get(scaleName(name))!.data as Float32Array;
    return { write: (target) => writeDequantised(stored, scale, target) };
  }
  return { write: (target) => target.set(bytesOf(widened(stored))) };
}

function widened(stored: Tensor): Tensor {
  return tensor("float32", stored.shape, decodeFloat16(stored.data as Uint16Array));
}

/** A stored parameter as a float32 tensor (a view where it is one already). */
export function asFloat32(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor<"float32"> {
  const content = parameterContent(tensors, name);
  if ("data" in content) return content as Tensor<"float32">;
  const { shape } = tensors.get(name)!;
  const bytes = new Uint8Array(4 * sizeOf(shape));
  content.write(bytes);
  return tensor("float32", shape, new Float32Array(bytes.buffer));
}
