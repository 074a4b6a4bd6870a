// From a model argument to what captions: one bundle's decoder or several as an ensemble, and the encoders whose features they read.
import type { CaptionerInput, CaptionerParts } from "../caption/captioning-service.ts";
import { planEnsemble } from "../caption/ensemble.ts";
import type { DecoderBundle } from "./bundle-files.ts";
import { findEncoder, readDecoderFile } from "./bundle-files.ts";
import { isThere } from "./files.ts";

/** What names a model: the path of a bundle; several, as a list or with commas between, are an ensemble. */
export type ModelArgument = string | readonly string[];

/** All that a captioner is made of, verified but for the self-tests. */
export interface CaptionerFiles extends CaptionerParts {
  /** The decoder's identity, or that of the ensemble. */
  readonly identity: string;
  readonly members: readonly DecoderBundle[];
}

/**
 * Reads what a model argument names. Each encoder is sought as `findEncoder` says, unless a member's own file has it.
 * @throws ShowtellError `FILE_NOT_FOUND`, `BUNDLE_…`, `ENSEMBLE_MISMATCH` if members can't caption together, `ENCODER_MISSING`.
 */
export async function readCaptionerFiles(model: ModelArgument): Promise<CaptionerFiles> {
  const members: DecoderBundle[] = [];
  for (const path of await modelPaths(model)) members.push(await readDecoderFile(path));
  const { identity, inputs, inputOf } = planEnsemble(members);
  const encoders = new Map<string, Pick<CaptionerInput, "source" | "encoder">>();
  const found: CaptionerInput[] = [];
  for (const [i, features] of inputs.entries()) {
    const readers = members.filter((_, member) => inputOf[member] === i);
    const known = encoders.get(features.identity) ?? (await encoderOf(readers));
    encoders.set(features.identity, known);
    found.push({ features, source: known.source, encoder: known.encoder });
  }
  return { identity, members, inputs: found };
}

/** The encoder that decoders share, in the file of one of them or where the first one's is sought. */
async function encoderOf(readers: readonly DecoderBundle[]): Promise<Pick<CaptionerInput, "source" | "encoder">> {
  const own = readers.find(({ encoder }) => encoder !== undefined);
  if (own?.encoder !== undefined) return { source: own.source, encoder: own.encoder };
  const [first] = readers;
  return findEncoder(first!.source, first!.decoder.manifest);
}

/** The paths that a model argument names. A file whose own name has a comma in it is that file. */
export async function modelPaths(model: ModelArgument): Promise<readonly string[]> {
  if (typeof model !== "string") return model;
  if (!model.includes(",") || (await isThere(model))) return [model];
  return model
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
}
