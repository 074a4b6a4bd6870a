// What a captioner is made of, in the few words that GET /v1/models has for it. Loads no engine.
import { basename } from "node:path";
import { summaryOf } from "../bundle/calibration.ts";
import { calibrationOf } from "../caption/confidence.ts";
import { defaultModel } from "../node/shipped-models.ts";
import type { DecoderBundle } from "../node/bundle-files.ts";
import { readCaptionerFiles } from "../node/captioner-files.ts";
import type { ModelArgument } from "../node/captioner-files.ts";
import { specialWords } from "../text/vocabulary.ts";
import type { MemberDescription, ModelDescription } from "./schemas.ts";

/**
 * Describes a model for a service; default: the one that ships.
 * @throws ShowtellError what `loadCaptioner` throws for files that are no captioner.
 */
export async function describeModel(model: ModelArgument = defaultModel): Promise<ModelDescription> {
  const { identity, members } = await readCaptionerFiles(model);
  const { vocabulary, decoding } = members[0]!.decoder.manifest;
  const calibration = calibrationOf(members);
  const { beam, lengthExponent, maximumLength } = decoding;
  return {
    id: identity,
    members: members.map(describeMember),
    vocabularySize: vocabulary.words.length - specialWords.length,
    decoding: { beam, lengthExponent, maximumLength },
    ...(calibration && { calibration: summaryOf(calibration) }),
  };
}

function describeMember({ source, manifest, decoder }: DecoderBundle): MemberDescription {
  const { identity, spec, encoder } = decoder.manifest;
  return {
    id: identity,
    name: basename(source, ".safetensors"),
    decoder: spec.kind,
    encoder: { id: encoder.identity, name: encoder.name, layer: encoder.layer },
    licences: manifest.licences.map(({ part, origin, licence }) => ({ part, origin, licence })),
  };
}
