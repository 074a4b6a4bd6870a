// Signatures: what makes a score comparable, in the manner of sacreBLEU (Post 2018). Knows no metric.
import type { MetricOptions, References } from "./inputs.ts";

/** The fewest and the most references that an image has. */
export interface ReferenceRange {
  readonly fewest: number;
  readonly most: number;
}

/** The version of this package, part of every signature; a test holds it equal to package.json. */
export const VERSION = "0.1.0";

/** The signature of a metric: its settings, then tokeniser, number of references ("5", or "1-4" where it varies) and version. */
export function signature(
  settings: readonly string[],
  references: References | ReferenceRange,
  options: MetricOptions,
): string {
  const { fewest, most } = "fewest" in references ? references : referenceRange(references);
  const range = fewest === most ? `${most}` : `${fewest}-${most}`;
  return [...settings, `tok:${options.tokeniser ?? "given"}`, `refs:${range}`, `v:${VERSION}`].join("|");
}

function referenceRange(references: References): ReferenceRange {
  let fewest = Infinity;
  let most = 0;
  for (const captions of references) {
    fewest = Math.min(fewest, captions.length);
    most = Math.max(most, captions.length);
  }
  return { fewest, most };
}
