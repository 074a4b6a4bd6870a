// From tokens back to a caption as people write it: what PTB tokenisation split is joined again. Knows nothing of vocabularies.

/** Tokens that belong to the word before them (Penn Treebank conventions: "can't" is `ca n't`, "man's" is `man 's`). */
const suffixes: ReadonlySet<string> = new Set(["n't", "'s", "'m", "'d", "'re", "'ve", "'ll", "%"]);

/** First halves of words that PTB splits in two, and their second halves. */
const halves: Readonly<Record<string, string>> = { gon: "na", wan: "na", got: "ta", gim: "me", lem: "me" };

/** A caption for people: tokens joined by spaces, `man 's` as "man's", `ca n't` as "can't", `gon na` as "gonna". */
export function captionText(tokens: readonly string[]): string {
  let text = "";
  for (const [i, token] of tokens.entries()) {
    const before = tokens[i - 1];
    const joined =
      before === undefined || suffixes.has(token) || (Object.hasOwn(halves, before) && halves[before] === token);
    text += joined ? token : ` ${token}`;
  }
  return text;
}
