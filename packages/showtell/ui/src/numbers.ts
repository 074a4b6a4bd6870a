// Numbers for people: as many digits as matter, no exponents. Knows nothing of what they count.

/** A number in two digits: "870", "71,000", "2.4 million". */
export function inTwoDigits(value: number): string {
  const rounded = Number(value.toPrecision(2));
  return new Intl.NumberFormat("en", rounded >= 1e6 ? { notation: "compact", compactDisplay: "long" } : {}).format(
    rounded,
  );
}
