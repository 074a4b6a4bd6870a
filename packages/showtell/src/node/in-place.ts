// Outputs that are written to their places and nowhere else. The engine's binding (onnxruntime-node 1.30, OrtValueToNapiValue) copies each output of
// a run into a new array, even one that was given an array to be written to: of a training step all weights and moments, a tenth of
// its time. It does so after the run and in order, and stops at what it can't hand to JavaScript; so such an output is put in front.
import { messageOf } from "../base/errors.ts";
import type { Tensor } from "../base/tensor.ts";
import { tensor } from "../base/tensor.ts";
import { encodeNode, encodeValue } from "../onnx/model.ts";
import type { Part } from "../onnx/wire.ts";
import { encode, intField, message, partField, textField } from "../onnx/wire.ts";

/** The output that can't be handed out: an empty sequence of tensors. */
export const stopName = "in-place.stop";

/** The output after it, which the run writes: the sequence's length. */
export const doneName = "in-place.done";

function node(operator: string, inputs: readonly string[], output: string): Part {
  return encodeNode({ operator, name: output, inputs, outputs: [output], attributes: {} });
}

/** An output (field 12) whose type is a sequence (4) of tensors (1) of float32 (1). */
const stop = partField(
  12,
  message(
    textField(1, stopName),
    partField(2, message(partField(4, message(partField(1, message(partField(1, message(intField(1, 1))))))))),
  ),
);

/** A piece of a model with both outputs. */
const front = encode(
  partField(
    7,
    message(
      node("SequenceEmpty", [], stopName),
      node("SequenceLength", [stopName], doneName),
      stop,
      encodeValue(12, { name: doneName, dtype: "int64", shape: [] }),
    ),
  ),
);

/** The model with both outputs before its own. Messages of Protocol Buffers that stand one after the other are read as one, what is repeated in them in order. */
export function withStop(model: Uint8Array): Uint8Array {
  const whole = new Uint8Array(front.length + model.length);
  whole.set(front);
  whole.set(model, front.length);
  return whole;
}

/** A place for {@link doneName} that no run has written to. */
export function notDone(): Tensor<"int64"> {
  return tensor("int64", [], BigInt64Array.of(-1n));
}

/** Whether a failure of a run is no more than {@link stopName}, which could not be handed out: all outputs are in their places. */
export function isStop(failure: unknown, done: Tensor<"int64">): boolean {
  return messageOf(failure).startsWith("Non tensor type") && done.data[0] === 0n;
}
