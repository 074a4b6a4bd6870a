// How sure a captioner is of a caption: the probability that it is better than a threshold, by the calibration that its bundle carries.
import { ShowtellError } from "../base/errors.ts";
import type { Calibration, ConfidenceFeature } from "../bundle/calibration.ts";
import type { CaptionOptions } from "./caption-options.ts";
import { neighboursForetell, searchKindOf } from "./caption-options.ts";
import type { EnsembleMember } from "./ensemble.ts";

/** What of a caption its confidence is computed from. */
export interface Judged {
  readonly score: number;
  /** Natural log-probability of each token, and of the end. */
  readonly tokenLogProbabilities: readonly number[];
}

const features: Readonly<Record<ConfidenceFeature, (caption: Judged) => number>> = {
  score: ({ score }) => score,
  meanLogProbability: ({ tokenLogProbabilities: each }) => each.reduce((sum, value) => sum + value, 0) / each.length,
  lowestLogProbability: ({ tokenLogProbabilities }) => Math.min(...tokenLogProbabilities),
  length: ({ tokenLogProbabilities }) => tokenLogProbabilities.length,
};

/** A feature of a caption. */
export function featureOf(caption: Judged, feature: ConfidenceFeature): number {
  return features[feature](caption);
}

/** The probability that a caption is better than the calibration's threshold, 0 … 1. */
export function confidenceOf({ intercept, terms }: Pick<Calibration, "intercept" | "terms">, caption: Judged): number {
  const logit = terms.reduce(
    (sum, { feature, mean, deviation, weight }) => sum + (weight * (featureOf(caption, feature) - mean)) / deviation,
    intercept,
  );
  return 1 / (1 + Math.exp(-logit));
}

/** The calibration of a lone decoder that carries one of its own; undefined for others. */
export function calibrationOf(members: readonly EnsembleMember[]): Calibration | undefined {
  const [{ manifest, decoder }, ...others] = members as readonly [EnsembleMember, ...EnsembleMember[]];
  const calibration = manifest?.calibration;
  return others.length === 0 && calibration?.decoder === decoder.manifest.identity ? calibration : undefined;
}

/**
 * The calibration of captions that options ask for: that of a lone decoder, for captions that beam search ranked.
 * @throws ShowtellError `CALIBRATION_MISSING` or `ARGUMENT` if the options need one where there is none.
 */
export function calibrationFor(members: readonly EnsembleMember[], options: CaptionOptions): Calibration | undefined {
  const { abstainBelow, consensus } = options;
  const asked = abstainBelow !== undefined;
  if (asked && !(typeof abstainBelow === "number" && abstainBelow >= 0 && abstainBelow <= 1)) {
    throw new ShowtellError("ARGUMENT", `abstainBelow is ${abstainBelow}; it must be a probability from 0 to 1`);
  }
  if (searchKindOf(options) !== "beam" || consensus !== undefined || neighboursForetell(options)) {
    if (!asked) return undefined;
    const what =
      "captions that were drawn, steered, chosen by consensus or foretold by neighbours have no calibrated confidence";
    throw new ShowtellError("ARGUMENT", `${what}: leave abstainBelow out, or search without these`);
  }
  const calibration = calibrationOf(members);
  if (calibration !== undefined || !asked) return calibration;
  const why =
    members.length > 1
      ? "an ensemble has no calibration: name one model"
      : `"${members[0]!.source}" has no calibration of its decoder: showtell calibrate makes one`;
  throw new ShowtellError("CALIBRATION_MISSING", why);
}
