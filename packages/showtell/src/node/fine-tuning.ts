// Fine-tuning the last stage of an encoder in a training run: its first weights, features by its weights of now, and the encoder that
// comes out. Knows nothing of captions.
import { decodeFloat16, encodeFloat16 } from "../base/float16.ts";
import { sizeOf, tensor } from "../base/tensor.ts";
import type { Bundle, BundlePart } from "../bundle/bundle.ts";
import { makeEncoderBundle } from "../bundle/encoder-bundle.ts";
import type { EncoderManifest } from "../bundle/manifest.ts";
import { asFloat32, scaleName } from "../bundle/precision.ts";
import type { OpenSession } from "../engine/session.ts";
import { featureShape } from "../models/encoder-graph.ts";
import { ownName, stageGraph, stageInputShape, stageParameters } from "../models/encoder-stage.ts";
import type { StageSpec } from "../models/encoder-stage.ts";
import { firstState } from "../nn/adam.ts";
import type { FeatureReader, LearnerState } from "../train/learner.ts";
import type { EncoderBundle } from "./bundle-files.ts";
import { writer } from "./version.ts";

/** Pictures that go through the stage together where nothing is learnt. */
const batchSize = 32;

/** A stage that is being fine-tuned. */
export interface FineTuning {
  readonly spec: StageSpec;
  /** An encoder's weights of the stage, by default the one's that it began with, and moments of zero. */
  stateOf(part?: BundlePart<EncoderManifest>): LearnerState;
  /** Reads what the decoder reads, computed from the features before the stage by the weights of a state. */
  readerWith(state: LearnerState, before: FeatureReader): FeatureReader;
  /** The encoder with the stage's weights of a state, in float32; all else is stored as it was. */
  encoderWith(state: LearnerState, dataName: string): Promise<Omit<Bundle, "source">>;
  dispose(): Promise<void>;
}

/**
 * Compiles a stage for a run.
 * @throws ShowtellError `ARGUMENT` if the encoder has no such stage, or the decoder's layer does not come after it.
 */
export async function openFineTuning(
  spec: StageSpec,
  { encoder, manifest }: EncoderBundle,
  openSession: OpenSession,
): Promise<FineTuning> {
  const parameters = stageParameters(spec);
  const names = Object.keys(parameters);
  const inputShape = stageInputShape(spec);
  const outputSize = sizeOf(featureShape(spec.encoder, spec.layer));
  const session = await openSession(stageGraph(spec));

  return {
    spec,

    stateOf({ tensors } = encoder) {
      return firstState(parameters, (name) => {
        const own = asFloat32(tensors, ownName(name)!);
        // A learner writes into what it is given; the encoder's bytes stay.
        return tensor("float32", own.shape, own.data.slice());
      });
    },

    readerWith(state, before) {
      const weights = Object.fromEntries(names.map((name) => [name, state[name]!]));
      return {
        size: outputSize,
        async read(rows, into) {
          for (let start = 0; start < rows.length; start += batchSize) {
            const batch = rows.subarray(start, start + batchSize);
            const bits = new Uint16Array(batch.length * before.size);
            await before.read(batch, bits);
            const features = tensor("float32", [batch.length, ...inputShape], decodeFloat16(bits));
            const found = await session.run({ features, ...weights });
            into.set(encodeFloat16(found["features.out"]!.data as Float32Array), start * outputSize);
          }
        },
      };
    },

    encoderWith(state, dataName) {
      const tensors = new Map(encoder.tensors);
      for (const name of names) {
        const own = ownName(name)!;
        tensors.delete(scaleName(own));
        const { shape, data } = state[name]!;
        tensors.set(own, tensor("float32", shape, data.slice()));
      }
      const licences = manifest.licences
        .filter(({ part }) => part === "encoder")
        .map(({ note = "", ...licence }) => ({
          ...licence,
          note: `Changed by showtell: ${spec.stage} was trained further on "${dataName}".\n\n${note}`.trim(),
        }));
      return makeEncoderBundle({ spec: spec.encoder, tensors, licences, writer }, openSession);
    },

    dispose: () => session.dispose(),
  };
}
