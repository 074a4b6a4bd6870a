// Packs METEOR's WordNet 3.0 extracts into data/wordnet.js. Usage: node scripts/pack-wordnet.mjs english.synsets.gz english.exceptions
//
// Dropped is what cannot change whether two single words share a synset: phrases, and a word's synsets that no other word
// has (but one, since "dog" and "dogs" share whatever "dog" has). Synsets are numbered anew, in base 36.
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const [synsetsPath, exceptionsPath] = process.argv.slice(2);
const pairs = (text) => {
  const lines = text.trimEnd().split("\n");
  return lines.flatMap((line, at) => (at % 2 === 0 ? [[line, lines[at + 1].trim().split(" ")]] : []));
};
const byCodeUnit = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const isWord = (word) => !/[_ ]/.test(word);

const words = new Map(pairs(gunzipSync(readFileSync(synsetsPath)).toString("utf8")).filter(([word]) => isWord(word)));
const owners = new Map();
for (const synset of [...words.values()].flat()) owners.set(synset, (owners.get(synset) ?? 0) + 1);
const numbers = new Map();
const numberOf = (synset) => {
  if (!numbers.has(synset)) numbers.set(synset, numbers.size.toString(36));
  return numbers.get(synset);
};
const synsets = [...words.keys()].sort(byCodeUnit).map((word) => {
  const all = [...new Set(words.get(word))];
  const shared = all.filter((synset) => owners.get(synset) > 1);
  return [word, ...(shared.length > 0 ? shared : all.slice(0, 1)).map(numberOf)].join(" ");
});

const bases = new Map();
for (const [base, inflected] of pairs(readFileSync(exceptionsPath, "utf8"))) {
  for (const word of inflected.filter(isWord)) bases.set(word, new Set([...(bases.get(word) ?? []), base]));
}
const exceptions = [...bases.keys()].sort(byCodeUnit).map((word) => [word, ...bases.get(word)].join(" "));

const literal = (lines) => `\`\n${lines.join("\n").replace(/[\\`$]/g, "\\$&")}\n\``;
writeFileSync(
  new URL("../data/wordnet.js", import.meta.url),
  `/* oxlint-disable max-lines */
// Words with numbers of their synsets, and irregular forms with their base forms, sorted: from WordNet 3.0, by way of METEOR 1.5.
// WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved. The licence is in COPYING.WORDNET.
export const synsets = ${literal(synsets)};
export const exceptions = ${literal(exceptions)};
`,
);
process.stdout.write(`${synsets.length} words, ${numbers.size} synsets, ${exceptions.length} irregular forms\n`);
