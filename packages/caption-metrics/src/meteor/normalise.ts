// METEOR's own tokeniser (`-norm`): splits punctuation, hyphens and apostrophes in the manner of the Moses tokeniser. Knows no
// metric. Found by asking METEOR 1.5 about every character of the basic plane and 160,000 strings.

/** Inside of a class: letters, of the scripts that METEOR knows, and digits. Everything else stands alone. */
const LETTERS =
  "A-Za-z\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u017E\\u0400-\\u0527\\u1D00-\\u1D7F\\uA640-\\uA66E\\uA67E-\\uA697";
const ALPHANUMERIC = `0-9${LETTERS}`;

const pattern = (source: string): RegExp => new RegExp(source, "gu");

/** Substitutions in order. Each looks at a text once, so that neighbouring matches may not share a character ("a-b-c" → "a b-c"). */
const SUBSTITUTIONS: readonly (readonly [RegExp, string])[] = [
  // Quotes.
  [/[`\u2018\u2019]/g, "'"],
  [/''|[\u201C\u201D]/g, '"'],
  // Everything that is no word, full stop, comma, apostrophe or hyphen stands alone; so does a run of full stops.
  [pattern(`([^${ALPHANUMERIC} \\t\\n.',-])`), " $1 "],
  [/(\.{2,})/g, " $1 "],
  // A comma stands alone but between digits.
  [/([^0-9]),([^0-9])/g, "$1 , $2"],
  [/([0-9]),([^0-9])/g, "$1 , $2"],
  [/([^0-9]),([0-9])/g, "$1 , $2"],
  // A hyphen within a word parts it.
  [/--/g, "-"],
  [pattern(`([${ALPHANUMERIC}.])-([${ALPHANUMERIC}])`), "$1 $2"],
  [/\u2013/g, "-"],
  // An apostrophe stands alone, but goes with the letters behind it if there are letters before it.
  [pattern(`([^${LETTERS}])'([^${LETTERS}])`), "$1 ' $2"],
  [pattern(`([^${ALPHANUMERIC}])'([${LETTERS}])`), "$1 ' $2"],
  [pattern(`([${LETTERS}])'([^${LETTERS}])`), "$1 ' $2"],
  [pattern(`([${LETTERS}])'([${LETTERS}])`), "$1 '$2"],
  [/([0-9])'(s)/g, "$1 '$2"],
];

/** Abbreviations that keep their full stop. Only as written here, so that none is left in lower-cased text but the small ones. */
const PREFIXES: ReadonlySet<string> = new Set([
  ..."A B C D E F G H I J K L M N O P Q R S T U V W X Y Z".split(" "),
  ..."Adj Adm Adv Asst Bart Bldg Brig Bros Capt Cmdr Col Comdr Con Corp Cpl DR Dr Drs Ens Gen Gov Hon Hr Hosp Insp".split(
    " ",
  ),
  ..."Lt MM MR MRS MS Maj Messrs Mlle Mme Mr Mrs Ms Msgr Op Ord Pfc Ph Prof Pvt Rep Reps Res Rev Rt Sen Sens Sfc Sgt".split(
    " ",
  ),
  ..."Sr St Supt Surg v vs i.e rev e.g Nos Nr".split(" "),
]);
/** Abbreviations that keep it before a number. */
const NUMERIC_PREFIXES: ReadonlySet<string> = new Set(["No", "Art", "pp"]);

/**
 * The words that METEOR matches, lower-cased.
 *
 * @example
 * meteorWords("the man's t-shirt, from the U.S."); // the, man, 's, t, shirt, ",", from, the, us
 */
export function meteorWords(text: string): string[] {
  // Small letters and blanks, as in most captions, are touched by no substitution.
  if (/^[a-z ]*$/.test(text)) return text.split(" ").filter((word) => word !== "");
  const spaced = SUBSTITUTIONS.reduce((result, [from, to]) => result.replace(from, to), ` ${text} `);
  return spaced
    .split(/[ \t\n\r\v\f]+/)
    .filter((word) => word !== "")
    .map((word, at, words) => separateFullStop(word, words[at + 1]))
    .join(" ")
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** A full stop at a word's end stands alone, but in an abbreviation; an acronym loses its full stops ("U.S." → "US"). */
function separateFullStop(word: string, next: string | undefined): string {
  if (!word.endsWith(".") || /^\.+$/.test(word)) return word;
  const stem = word.slice(0, -1);
  if (stem.includes(".") && HAS_LETTER.test(stem)) return word.replaceAll(".", "");
  if (PREFIXES.has(stem)) return word;
  if (next !== undefined && /^[a-z]/.test(next)) return word;
  if (next !== undefined && /^[0-9]/.test(next) && NUMERIC_PREFIXES.has(stem)) return word;
  return `${stem} .`;
}

const HAS_LETTER = new RegExp(`[${LETTERS}]`);
