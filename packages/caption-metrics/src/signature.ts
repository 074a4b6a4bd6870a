// Signatures: what makes a score comparable, in the manner of sacreBLEU (Post 2018). Knows no metric.
import type { MetricOptions, References } from "./inputs.ts";

/** The version of this package, part of every signature; a test holds it equal to package.json. */
export const VERSION = "0.1.0";

/** The signature of a metric: its settings, then tokeniser, number of references ("5", or "1-4" where it varies) and version. */
export function signature(settings: readonly string[], references: References, options: MetricOptions): string {
  return [
    ...settings,
    `tok:${options.tokeniser ?? "given"}`,
    `refs:${referenceRange(references)}`,
    `v:${VERSION}`,
  ].join("|");
}

function referenceRange(references: References): string {
  let fewest = Infinity;
  let most = 0;
  for (const captions of references) {
    fewest = Math.min(fewest, captions.length);
    most = Math.max(most, captions.length);
  }
  return fewest === most ? `${most}` : `${fewest}-${most}`;
}
