// From tokens back to a caption as people write it: what PTB tokenisation split or renamed is undone. Knows nothing of vocabularies.

/** Tokens that belong to the word before them (Penn Treebank conventions: "can't" is `ca n't`, "man's" is `man 's`). */
const suffixes: ReadonlySet<string> = new Set(["n't", "'s", "'m", "'d", "'re", "'ve", "'ll", "%", ")", "]", "}"]);

/** Characters that belong to the word after them. */
const prefixes: ReadonlySet<string> = new Set(["(", "[", "{", "$", "#"]);

/** The Penn Treebank's names of brackets. */
const brackets: ReadonlyMap<string, string> = new Map([
  ["-lrb-", "("],
  ["-rrb-", ")"],
  ["-lsb-", "["],
  ["-rsb-", "]"],
  ["-lcb-", "{"],
  ["-rcb-", "}"],
]);

/** First halves of words that PTB splits in two, and their second halves. */
const halves: ReadonlyMap<string, string> = new Map([
  ["gon", "na"],
  ["wan", "na"],
  ["got", "ta"],
  ["gim", "me"],
  ["lem", "me"],
]);

/** A caption for people: tokens joined by spaces, but `man 's` as "man's", `ca n't` as "can't", `gon na` as "gonna", `-lrb-` as "(". */
export function captionText(tokens: readonly string[]): string {
  let text = "";
  let before: string | undefined;
  for (const token of tokens) {
    const word = brackets.get(token) ?? token;
    const joined = before === undefined || suffixes.has(word) || prefixes.has(before) || halves.get(before) === word;
    text += joined ? word : ` ${word}`;
    before = word;
  }
  return text;
}
