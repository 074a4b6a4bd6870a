// Krippendorff's alpha: how far raters agree beyond chance, with values missing. Follows Krippendorff 2011, "Computing Krippendorff's
// Alpha-Reliability". Knows nothing of captions.

/** What values mean: names, an order, or numbers whose differences count. */
export type Measurement = "nominal" | "ordinal" | "interval";

/**
 * Krippendorff's alpha: 1 is full agreement, 0 what chance gives. Units with fewer than two values say nothing and are left out.
 * @param units The values that raters gave each unit, in any order.
 * @returns undefined where there is nothing to agree on: no unit with two values, or one value everywhere.
 */
export function krippendorffAlpha(units: readonly (readonly number[])[], measurement: Measurement): number | undefined {
  const paired = units.filter(({ length }) => length > 1);
  const values = [...new Set(paired.flat())].sort((a, b) => a - b);
  const placeOf = new Map(values.map((value, place) => [value, place]));
  const coincidences = values.map(() => values.map(() => 0));
  for (const unit of paired) {
    const places = unit.map((value) => placeOf.get(value)!);
    for (const [i, place] of places.entries()) {
      for (const other of places.toSpliced(i, 1)) coincidences[place]![other]! += 1 / (unit.length - 1);
    }
  }
  const counts = coincidences.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const distance = distances[measurement](values, counts);
  let [observed, expected] = [0, 0];
  for (const [c, row] of coincidences.entries()) {
    for (const [k, count] of row.entries()) {
      observed += count * distance(c, k);
      expected += counts[c]! * counts[k]! * distance(c, k);
    }
  }
  return expected === 0 ? undefined : 1 - ((total - 1) * observed) / expected;
}

/** The squared difference of two values, by their places among all values. */
type Distance = (c: number, k: number) => number;

const distances: Readonly<Record<Measurement, (values: readonly number[], counts: readonly number[]) => Distance>> = {
  nominal: () => (c, k) => (c === k ? 0 : 1),
  interval: (values) => (c, k) => (values[c]! - values[k]!) ** 2,
  ordinal: (_, counts) => (c, k) => {
    const [from, to] = c < k ? [c, k] : [k, c];
    const between = counts.slice(from, to + 1).reduce((sum, count) => sum + count, 0);
    return (between - (counts[from]! + counts[to]!) / 2) ** 2;
  },
};
