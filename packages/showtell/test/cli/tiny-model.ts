// A decoder with random weights for the encoder that ships: captions of ten words, at once. Captioning runs whole, only badly.
import { writeFileSync } from "node:fs";
import { makeDecoderBundle } from "../../src/bundle/decoder-bundle.ts";
import { defaultEncoder, readBundleFile } from "../../src/node/bundle-files.ts";
import { openSession } from "../../src/node/ort-session.ts";
import { drawnWeights, fileOf, tinyInput } from "../bundle/tiny-decoder.ts";

/** Writes the decoder's bundle to a file; it is for the encoder that ships unless another's identity is given. Another seed, other weights. */
export async function writeTinyModel(path: string, encoderIdentity?: string, seed = 2): Promise<void> {
  const identity = encoderIdentity ?? (await readBundleFile(defaultEncoder)).encoder!.manifest.identity;
  const spec = { ...tinyInput.decoder.spec, features: [2048] };
  const encoder = { identity, name: "resnet50", layer: "pooled" } as const;
  const input = { ...tinyInput, decoder: { ...tinyInput.decoder, spec, encoder }, tensors: drawnWeights(spec, seed) };
  writeFileSync(path, fileOf(await makeDecoderBundle(input, (model) => openSession(model, { threads: 1 }))));
}
