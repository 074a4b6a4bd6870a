// From pixels to features, by an encoder of a bundle. Features pass through float16, exactly as in a feature cache.
import { encodeFloat16 } from "../base/float16.ts";
import { tensor } from "../base/tensor.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import { encoderModel } from "../bundle/encoder-model.ts";
import type { EncoderManifest } from "../bundle/manifest.ts";
import type { OpenSession, SessionOptions } from "../engine/session.ts";
import type { Pixels } from "../image/pixels.ts";
import { preprocess } from "../image/preprocess.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { featureShape } from "../models/encoder-graph.ts";

/** An encoder ready to run for several layers at once: the network runs once a picture, however many are taken. */
export interface LayersEncoder {
  readonly identity: string;
  /**
   * Float16 bits of the features, [pictures, ...shape], for each layer in the order asked for. Equal pictures give equal bits,
   * alone or in a batch of any size. One call at a time, as with a session: calls share the place where pictures are preprocessed.
   */
  encode(pictures: readonly Pixels[]): Promise<readonly Uint16Array[]>;
  dispose(): Promise<void>;
}

/** An encoder ready to run for one layer. */
export interface PictureEncoder {
  readonly identity: string;
  readonly layer: FeatureLayer;
  /** Shape of one picture's features. */
  readonly shape: readonly number[];
  /** Float16 bits of the features, [pictures, ...shape], as {@link LayersEncoder} has them. */
  encode(pictures: readonly Pixels[]): Promise<Uint16Array>;
  dispose(): Promise<void>;
}

/**
 * Compiles an encoder for some of its layers.
 * @throws ShowtellError `ARGUMENT` if it has no such layer, `ENGINE`.
 */
export async function openLayersEncoder(
  { manifest, tensors }: BundlePart<EncoderManifest>,
  layers: readonly FeatureLayer[],
  openSession: OpenSession,
  options: SessionOptions = {},
): Promise<LayersEncoder> {
  const { preprocessing } = manifest;
  const session = await openSession(encoderModel({ manifest, tensors }, layers), options);
  const { width, height } = preprocessing.resize;
  const size = 3 * height * width;
  let input = new Float32Array(size);
  return {
    identity: manifest.identity,
    async encode(pictures) {
      if (input.length < size * pictures.length) input = new Float32Array(size * pictures.length);
      pictures.forEach((picture, i) => preprocess(picture, preprocessing, input.subarray(i * size, (i + 1) * size)));
      const batch = tensor("float32", [pictures.length, 3, height, width], input.subarray(0, size * pictures.length));
      const features = await session.run({ pictures: batch });
      return layers.map((layer) => encodeFloat16(features[layer]!.data as Float32Array));
    },
    dispose: () => session.dispose(),
  };
}

/**
 * Compiles an encoder for one of its layers.
 * @throws ShowtellError `ARGUMENT` if it has no such layer, `ENGINE`.
 */
export async function openPictureEncoder(
  part: BundlePart<EncoderManifest>,
  layer: FeatureLayer,
  openSession: OpenSession,
  options: SessionOptions = {},
): Promise<PictureEncoder> {
  const encoder = await openLayersEncoder(part, [layer], openSession, options);
  return {
    identity: encoder.identity,
    layer,
    shape: featureShape(part.manifest.spec, layer),
    encode: async (pictures) => (await encoder.encode(pictures))[0]!,
    dispose: () => encoder.dispose(),
  };
}
