// Tokens for tests.

/** The blank-separated words of a text. */
export function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}
