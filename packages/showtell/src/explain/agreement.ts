// How well two maps of a picture agree: where a model looked, and what it needed. Attention alone is no explanation (Jain and
// Wallace 2019), so it is held against occlusion. Knows no model.
import { ShowtellError } from "../base/errors.ts";
import { rankPairs, sampleOf, spearman } from "../statistics/ranks.ts";

/**
 * Spearman's rank correlation of two maps of the same cells: 1 if they order the cells alike, −1 if the other way round. Undefined
 * if one of them has the same value everywhere, for it orders nothing.
 * @throws ShowtellError `ARGUMENT` if the maps differ in size.
 */
export function agreement(one: readonly number[], other: readonly number[]): number | undefined {
  if (one.length !== other.length) {
    throw new ShowtellError("ARGUMENT", `maps of ${one.length} and of ${other.length} cells can't be compared`);
  }
  return spearman(sampleOf(rankPairs(one, other)));
}

/** How well the maps of a caption agree. */
export interface CaptionAgreement {
  /** Of each token; undefined where a map orders nothing. */
  readonly tokens: readonly (number | undefined)[];
  /** Mean over the tokens that have one; undefined if none has. */
  readonly mean: number | undefined;
}

/**
 * How well each token's attention agrees with what hiding parts did to it, by {@link agreement}; what the maps say of the end is left
 * out.
 * @param attention A map a token, then perhaps one of the end.
 * @param drops As `occlude` gives them, over as many parts as attention has places.
 * @throws ShowtellError `ARGUMENT` if the maps differ in size, or are fewer than the tokens.
 */
export function captionAgreement(
  tokens: readonly string[],
  attention: readonly (readonly number[])[],
  drops: readonly (readonly number[])[],
): CaptionAgreement {
  const maps = Math.min(attention.length, drops.length);
  if (maps < tokens.length)
    throw new ShowtellError(
      "ARGUMENT",
      `${tokens.length} tokens need as many maps of each kind, and there are ${maps}`,
    );
  const each = tokens.map((_, i) => agreement(attention[i]!, drops[i]!));
  const known = each.filter((value) => value !== undefined);
  const mean = known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
  return { tokens: each, mean };
}
