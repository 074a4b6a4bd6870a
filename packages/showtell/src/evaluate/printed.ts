// How a report writes numbers: scores × 100, intervals, counts. Knows no page.

/** A fraction × 100. */
export function print(share: number): string {
  return (100 * share).toFixed(1);
}

/** The ends of an interval. */
export function range({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${print(low)} – ${print(high)}`;
}

/** A count with separators. */
export function whole(count: number): string {
  return count.toLocaleString("en");
}
