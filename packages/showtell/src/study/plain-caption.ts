// Captions in one spelling, so that capitals and full stops don't tell raters who wrote them. Knows nothing of studies.

/** A caption in small letters but the first, single spaces, none before a comma, and no full stop at its end. */
export function plainCaption(caption: string): string {
  const text = caption
    .toLowerCase()
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ (?=[,.;:!?])/g, "")
    .replaceAll(/ ('s|n't)\b/g, "$1")
    .replace(/[\s.]+$/, "")
    .trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
