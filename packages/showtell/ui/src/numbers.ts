// Numbers for people: as many digits as matter, and powers of ten only where there are no words. Knows nothing of what they count.

/** A number in two digits: "870", "71,000", "2.4 million". */
export function inTwoDigits(value: number): string {
  const rounded = Number(value.toPrecision(2));
  return new Intl.NumberFormat("en", rounded >= 1e6 ? { notation: "compact", compactDisplay: "long" } : {}).format(
    rounded,
  );
}

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number of at least 1, given by its natural logarithm: in two digits, or from a thousand million million as a power of ten ("10⁵⁶"). */
export function inTwoDigitsOrPower(logarithm: number): string {
  const power = logarithm / Math.LN10;
  if (power < 15) return inTwoDigits(Math.exp(logarithm));
  return `10${Array.from(String(Math.round(power)), (digit) => superscripts.charAt(Number(digit))).join("")}`;
}
