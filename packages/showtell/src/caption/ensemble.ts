// Which decoders can caption together, what features they read between them, and what they are called. Knows manifests, but no engine.
import { sha256Hex } from "../base/bytes.ts";
import { ShowtellError } from "../base/errors.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import type { DecoderManifest, Manifest, ReferencesManifest } from "../bundle/manifest.ts";

/** A decoder that captions with others; `source` is what messages call it. */
export interface EnsembleMember {
  readonly source: string;
  readonly decoder: BundlePart<DecoderManifest>;
  /** Document frequencies of its training references. */
  readonly references?: BundlePart<ReferencesManifest>;
  /** What else its bundle says. */
  readonly manifest?: Pick<Manifest, "calibration">;
}

/** An encoder, and which of its features. */
export type FeatureSource = DecoderManifest["encoder"];

/** Decoders as one model. */
export interface EnsemblePlan {
  /** The decoder's own if it is alone; else a hash over the members' in sorted order, for probabilities do not depend on it. */
  readonly identity: string;
  /** The different features that the members read. */
  readonly inputs: readonly FeatureSource[];
  /** For each member, the place of its features in `inputs`. */
  readonly inputOf: readonly number[];
}

/**
 * Plans how decoders caption together.
 * @throws ShowtellError `ARGUMENT` if there is none, `ENSEMBLE_MISMATCH` if a member's vocabulary is another than the first one's, naming the
 * member and the first difference.
 */
export function planEnsemble(members: readonly EnsembleMember[]): EnsemblePlan {
  const [first, ...others] = members;
  if (first === undefined)
    throw new ShowtellError("ARGUMENT", "no model is named: name one, or several with commas between");
  for (const other of others) requireSameWords(first, other);
  const inputs: FeatureSource[] = [];
  const inputOf = members.map(({ decoder: { manifest } }) => {
    const { identity, layer } = manifest.encoder;
    const known = inputs.findIndex((input) => input.identity === identity && input.layer === layer);
    return known >= 0 ? known : inputs.push(manifest.encoder) - 1;
  });
  return { identity: ensembleIdentity(members.map(({ decoder }) => decoder.manifest.identity)), inputs, inputOf };
}

/** The identity of decoders as one model, from theirs. */
export function ensembleIdentity(identities: readonly string[]): string {
  return identities.length === 1 ? identities[0]! : sha256Hex(`ensemble\n${identities.toSorted().join("\n")}`);
}

/** Probabilities are averaged column by column, so a column must be the same word to every member. */
function requireSameWords(first: EnsembleMember, other: EnsembleMember): void {
  const expected = first.decoder.manifest.vocabulary.words;
  const { words } = other.decoder.manifest.vocabulary;
  const place = expected.findIndex((word, id) => word !== words[id]);
  if (place < 0 && words.length === expected.length) return;
  const difference =
    words.length === expected.length
      ? `its word ${place} is ${JSON.stringify(words[place])}, where "${first.source}" has ${JSON.stringify(expected[place])}`
      : `it has ${words.length} words, "${first.source}" ${expected.length}`;
  throw new ShowtellError(
    "ENSEMBLE_MISMATCH",
    `"${other.source}" does not share the vocabulary of the ensemble: ${difference}; train the members on the same captions with the same ` +
      "cleaning rules and minimum count",
  );
}
