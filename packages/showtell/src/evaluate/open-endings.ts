// Captions that stop in the middle of a phrase: their last word is a preposition, an article or a conjunction. Knows tokens only.

/** Words that hardly ever end a sentence; those that may be adverbs as well ("down", "off", "out", "over", "up") are not among them. */
const openers: ReadonlySet<string> = new Set(
  (
    "a an the and or but nor as while because that with of to from for at into onto in on by near through between among against " +
    "toward towards beside under upon"
  ).split(" "),
);

/** The share of captions whose last word is such a word. */
export function openEndingShare(captions: readonly (readonly string[])[]): number {
  return captions.filter((tokens) => openers.has(tokens.at(-1) ?? "")).length / captions.length;
}
