// A decoder with random weights for an encoder: captions of ten words, at once. Captioning runs whole, only badly.
import { writeFileSync } from "node:fs";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { makeDecoderBundle, withEncoder } from "../../src/bundle/decoder-bundle.ts";
import { featureShape } from "../../src/models/encoder-graph.ts";
import { readBundleFile } from "../../src/node/bundle-files.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { drawnWeights, fileOf, tinyInput } from "../bundle/tiny-decoder.ts";
import { smallEncoder } from "../small-encoder.ts";

type AnyBundle = Omit<Bundle, "source">;

async function tinyModel({ encoder }: AnyBundle, seed: number): Promise<AnyBundle> {
  const { spec: network, identity } = encoder!.manifest;
  const spec = { ...tinyInput.decoder.spec, features: featureShape(network, "pooled") };
  const reads = { identity, name: network.kind, layer: "pooled" } as const;
  const input = {
    ...tinyInput,
    decoder: { ...tinyInput.decoder, spec, encoder: reads },
    tensors: drawnWeights(spec, seed),
  };
  return makeDecoderBundle(input, (model) => openSession(model, { threads: 1 }));
}

/** Writes the decoder's bundle to a file; it is for the encoder that ships unless another is given. Another seed, other weights. */
export async function writeTinyModel(path: string, encoder?: AnyBundle, seed = 2): Promise<void> {
  writeFileSync(path, fileOf(await tinyModel(encoder ?? (await readBundleFile(defaultEncoder)), seed)));
}

/** Writes such a decoder and a small encoder into one file: for tests that start many processes, in which any encoder does. */
export async function writeSmallModel(path: string): Promise<void> {
  const small = await smallEncoder();
  writeFileSync(path, fileOf(withEncoder(await tinyModel(small, 5), small.encoder!, small.manifest.licences)));
}
