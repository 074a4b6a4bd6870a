// The Porter2 stemmer for English, as defined at snowballstem.org (Porter 2001). Knows no metric; words are lower-case.

/** Words whose stem is not what the steps give. */
const IRREGULAR: ReadonlyMap<string, string> = new Map([
  ["skis", "ski"],
  ["skies", "sky"],
  ["dying", "die"],
  ["lying", "lie"],
  ["tying", "tie"],
  ["idly", "idl"],
  ["gently", "gentl"],
  ["ugly", "ugli"],
  ["early", "earli"],
  ["only", "onli"],
  ["singly", "singl"],
  ...["sky", "news", "howe", "atlas", "cosmos", "bias", "andes"].map((word) => [word, word] as const),
]);

/** Words that stay as they are once step 1a is done. */
const FINISHED = new Set(["inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"]);

const VOWEL = /[aeiouy]/;
/** A syllable that is short: vowel and consonant (but w, x, Y) behind a consonant, or both at the word's beginning. */
const SHORT_SYLLABLE = /(?:^[aeiouy][^aeiouy]|[^aeiouy][aeiouy][^aeiouywxY])$/;

/** A suffix, what stands in its place, and what the word before it must be like. */
type Rule = readonly [suffix: string, replacement: string, condition?: (rest: string, regions: Regions) => boolean];

/** Where the regions begin in which suffixes may be changed. */
interface Regions {
  readonly r1: number;
  readonly r2: number;
}

const inR2 = (rest: string, { r2 }: Regions): boolean => rest.length >= r2;

const STEP_2: readonly Rule[] = [
  ["ational", "ate"],
  ["fulness", "ful"],
  ["iveness", "ive"],
  ["ization", "ize"],
  ["ousness", "ous"],
  ["biliti", "ble"],
  ["lessli", "less"],
  ["tional", "tion"],
  ["alism", "al"],
  ["aliti", "al"],
  ["ation", "ate"],
  ["entli", "ent"],
  ["fulli", "ful"],
  ["iviti", "ive"],
  ["ousli", "ous"],
  ["abli", "able"],
  ["alli", "al"],
  ["anci", "ance"],
  ["ator", "ate"],
  ["enci", "ence"],
  ["izer", "ize"],
  ["bli", "ble"],
  ["ogi", "og", (rest) => rest.endsWith("l")],
  ["li", "", (rest) => /[cdeghkmnrt]$/.test(rest)],
];

const STEP_3: readonly Rule[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["alize", "al"],
  ["ative", "", inR2],
  ["icate", "ic"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ness", ""],
  ["ful", ""],
];

const STEP_4: readonly Rule[] = [
  ...["ement", "able", "ance", "ence", "ible", "ment", "ant", "ate", "ent", "ism", "iti", "ive", "ize", "ous"].map(
    (suffix) => [suffix, ""] as const,
  ),
  ["ion", "", (rest) => /[st]$/.test(rest)],
  ["al", ""],
  ["er", ""],
  ["ic", ""],
];

/** The stem of a lower-case word; words of one or two letters are their own stem. */
export function stem(word: string): string {
  if (word.length <= 2) return word;
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  const marked = markConsonantY(word.replace(/^'/, ""));
  const regions = findRegions(marked);
  const singular = step1a(marked.replace(/'s'$|'s$|'$/, ""));
  if (FINISHED.has(singular)) return singular;
  let result = step1c(step1b(singular, regions));
  result = replaceSuffix(result, STEP_2, regions.r1, regions);
  result = replaceSuffix(result, STEP_3, regions.r1, regions);
  result = replaceSuffix(result, STEP_4, regions.r2, regions);
  return step5(result, regions).replaceAll("Y", "y");
}

/** A y that is a consonant (at the beginning, or behind a vowel) becomes Y. */
function markConsonantY(word: string): string {
  let marked = "";
  for (const letter of word) {
    marked += letter === "y" && (marked === "" || /[aeiouy]$/.test(marked)) ? "Y" : letter;
  }
  return marked;
}

/** R1 begins behind the first consonant that follows a vowel, R2 is the R1 of R1; three beginnings are exceptions. */
function findRegions(word: string): Regions {
  const r1 = /^(?:gener|commun|arsen)/.exec(word)?.[0].length ?? regionFrom(word, 0);
  return { r1, r2: regionFrom(word, r1) };
}

function regionFrom(word: string, start: number): number {
  const found = /[aeiouy][^aeiouy]/.exec(word.slice(start));
  return found === null ? word.length : start + found.index + 2;
}

/** Plurals. */
function step1a(word: string): string {
  if (word.endsWith("sses")) return word.slice(0, -2);
  if (/ie[ds]$/.test(word)) return word.slice(0, word.length > 4 ? -2 : -1);
  if (/[us]s$/.test(word) || !word.endsWith("s")) return word;
  return VOWEL.test(word.slice(0, -2)) ? word.slice(0, -1) : word;
}

/** Past and progressive. */
function step1b(word: string, { r1 }: Regions): string {
  const eed = /eed(?:ly)?$/.exec(word);
  if (eed !== null) return eed.index >= r1 ? `${word.slice(0, eed.index)}ee` : word;
  const ending = /(?:ed|ing)(?:ly)?$/.exec(word);
  if (ending === null) return word;
  const rest = word.slice(0, ending.index);
  if (!VOWEL.test(rest)) return word;
  if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
  if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(rest)) return rest.slice(0, -1);
  return rest.length <= r1 && SHORT_SYLLABLE.test(rest) ? `${rest}e` : rest;
}

/** A final y behind a consonant becomes i, but in words of two letters. */
function step1c(word: string): string {
  return /.[^aeiouy][yY]$/.test(word) ? `${word.slice(0, -1)}i` : word;
}

/** The longest suffix counts; it is replaced if it lies in the region and its condition holds, else nothing is. */
function replaceSuffix(word: string, rules: readonly Rule[], region: number, regions: Regions): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (rule === undefined) return word;
  const [suffix, replacement, condition] = rule;
  const rest = word.slice(0, word.length - suffix.length);
  return rest.length >= region && (condition?.(rest, regions) ?? true) ? rest + replacement : word;
}

/** A final e, and one of two final ls. */
function step5(word: string, regions: Regions): string {
  const rest = word.slice(0, -1);
  if (word.endsWith("e")) {
    return inR2(rest, regions) || (rest.length >= regions.r1 && !SHORT_SYLLABLE.test(rest)) ? rest : word;
  }
  return word.endsWith("ll") && inR2(rest, regions) ? rest : word;
}
