// The rules of PTB tokenisation (CoreNLP 3.4.1, lower-cased) as one ordered table. Knows nothing of how they are applied.
//
// At each position the rule with the longest match wins, the earlier one of equals. A rule with a group takes the group's
// text only: what follows it in the pattern is context, which counts for the length but is read again. Every repeat that may
// have to be given back is bounded, so that no caption costs more than linear time.
import { anyCase, CLOSING, LEADING, NUMBERING, SENTENCE_STARTERS } from "./abbreviations.ts";
import { ASCII_SYMBOLS, BLANKS, DIGITS, LETTERS, SYMBOLS } from "./characters.ts";

/** One rule: a sticky pattern, and how the matched text is written (default: as it is; `drop`: no token). */
export interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly write: (text: string) => string | undefined;
}

const regex = String.raw;
const asItIs = (text: string): string => text;
const drop = (): undefined => undefined;
const always =
  (token: string): ((text: string) => string) =>
  () =>
    token;

interface RuleSource {
  readonly name: string;
  readonly source: string;
  readonly write: Rule["write"];
}

function rule(name: string, source: string, write: Rule["write"] = asItIs): RuleSource {
  return { name, source, write };
}

const BLANK = `[${BLANKS}]`;
const GAP = regex`[${BLANKS}\n]`;
const APOSTROPHE = regex`(?:['\u0092\u2019]|&apos;)`;
/** A mark that stands for left-out letters inside of a word. */
const ELISION = regex`(?:['\x60\u0091\u0092\u2018\u2019\u201B]|&apos;)`;
const LETTER = `(?:[${LETTERS}]|&[aeiouAEIOU](?:acute|grave|uml);)`;
const WORD_CHARACTER = `(?:[${LETTERS}${DIGITS}]|&[aeiouAEIOU](?:acute|grave|uml);)`;
const WORD = `${LETTER}${WORD_CHARACTER}*(?:[.!?]${LETTER}${WORD_CHARACTER}*)*`;
const NUMBER = regex`(?:[${DIGITS}]*(?:[.:,\u00AD\u066B\u066C][${DIGITS}]+)+|[${DIGITS}]+)`;
const TAG = regex`<(?:[!?][A-Za-z-][^>\n]{0,400}|[A-Za-z][\w:.-]{0,40}(?: +[A-Za-z][\w:.-]{0,40}(?: *= *(?:'[^'\n]{0,400}'|"[^"\n]{0,400}"))?){0,20} */?|/[A-Za-z][\w:.-]{0,40})>`;
const ACRONYM = regex`[A-Za-z](?:\.[A-Za-z])+`;

/** What after an abbreviation's full stop ends the sentence: a capital, a tag, or a second blank. */
const SENTENCE_END = `${GAP}(?:${GAP}|[A-Z]|${TAG})`;
/** What does so after an acronym or a single letter, which often stand before names: a word that starts sentences. */
const SURE_SENTENCE_END = `${GAP}(?:(?:${SENTENCE_STARTERS})${GAP}|${TAG})`;

/** Characters that an address may not hold. */
const NO_ADDRESS = regex` \t\n"<>|(){}`;

/** A soft hyphen is invisible, but one alone is a hyphen. */
function stripSoftHyphens(text: string): string {
  return text.replaceAll("\u00AD", "") || "-";
}

function writeWord(text: string): string {
  return stripSoftHyphens(text)
    .replaceAll("&amp;", "&")
    .replace(/\u0092|\u2019|&apos;/g, "'");
}

function writeBrackets(text: string): string {
  return text.replaceAll("(", "-lrb-").replaceAll(")", "-rrb-");
}

const QUOTES: Readonly<Record<string, string>> = {
  "\u0091": "`",
  "\u2018": "`",
  "\u201B": "`",
  "\u2039": "`",
  "\u0092": "'",
  "\u2019": "'",
  "\u203A": "'",
  "\u0093": "``",
  "\u201C": "``",
  "\u00AB": "``",
  "\u0094": "''",
  "\u201D": "''",
  "\u00BB": "''",
};

function writeQuotes(text: string): string {
  return text.replace(/./g, (quote) => QUOTES[quote] ?? quote);
}

const FRACTIONS: Readonly<Record<string, string>> = { "¼": "1/4", "½": "1/2", "¾": "3/4", "⅓": "1/3", "⅔": "2/3" };
const BRACKETS: Readonly<Record<string, string>> = {
  "(": "-lrb-",
  ")": "-rrb-",
  "[": "-lsb-",
  "]": "-rsb-",
  "{": "-lcb-",
  "}": "-rcb-",
};

/** Host labels and paths end on a character that is no punctuation. */
const PATH_END = regex`[^ \t\n"<>|.!?(){},-]`;
const HOST_LABEL = regex`[^\s"<>|.!?(){},-]{1,63}\.`;
const SITE_LABEL = regex`[^\s"\x60'<>|.!?(){},\-_$:;=/[\]\\]{1,63}\.`;
const FILE_EXTENSION =
  "bat|bmp|c|cgi|cpp|dll|docx?|exe|gif|gz|h|html?|jar|java|jpe?g|mov|mp3|pdf|php|pl|png|ppt|ps|py|sql|tar|txt|wav|x|xml|zip";

/** Words that are two tokens, with the first of the two. */
export const SPLIT_WORDS: ReadonlyMap<string, string> = new Map([
  ["cannot", "can"],
  ["gonna", "gon"],
  ["gotta", "got"],
  ["lemme", "lem"],
  ["gimme", "gim"],
  ["wanna", "wan"],
]);

/** The rules as sources, in order; {@link rulesFor} makes them patterns. */
const SOURCES: readonly RuleSource[] = [
  // Words and their clitics.
  ...Array.from(SPLIT_WORDS, ([word, first]) =>
    rule("split word", `(${anyCase(first)})${anyCase(word.slice(first.length))}`),
  ),
  rule("tag", TAG),
  rule("word before n't", `([A-Za-z]*[A-MO-Za-mo-z])[nN]${APOSTROPHE}[tT]`, writeWord),
  rule("word before clitic", `(${WORD})${APOSTROPHE}(?:[sSdDmM]|ll|LL|re|RE|ve|VE)`, writeWord),
  rule("word", WORD, writeWord),

  // Addresses.
  rule("web address", `https?://[^${NO_ADDRESS}]+${PATH_END}`),
  rule(
    "web site",
    regex`(?:www\.(?:${HOST_LABEL}){1,16}[a-zA-Z]{2,4}|(?:${SITE_LABEL}){1,16}(?:com|net|org|edu)(?![A-Za-z]))(?:/[^${NO_ADDRESS}]+${PATH_END})?`,
  ),
  rule(
    "mail address",
    regex`<?[a-zA-Z0-9][^${NO_ADDRESS}\u00A0]{0,63}@(?:[^${NO_ADDRESS}\u00A0.]{1,63}\.){0,16}[^${NO_ADDRESS}\u00A0.]{1,63}>?`,
  ),
  rule("name or topic", regex`@[a-zA-Z_]\w*|#[${LETTERS}]+`),

  // Numbers.
  rule("date", regex`\d{1,2}[-/]\d{1,2}[-/]\d{2,4}`),
  rule("number", `[-+]?${NUMBER}`, stripSoftHyphens),
  rule("fraction", regex`(?:\d{1,4}[- \u00A0])?\d{1,4}\\?/\d{1,4}`, (text) => text.replace(" ", "\u00A0")),
  rule("fraction sign", "[¼½¾⅓⅔]", (text) => FRACTIONS[text]),
  rule(
    "telephone",
    regex`(?:\(\d{2,3}\)[ \u00A0]?|(?:\+\+?)?(?:\d{2,4}[- \u00A0])?\d{2,4}[- \u00A0])\d{3,4}[- \u00A0]?\d{3,5}|(?:(?:\+\+?)?\d{2,4}\.)?\d{2,4}\.\d{3,4}\.\d{3,5}`,
    (text) => writeBrackets(text.replaceAll(" ", "\u00A0")),
  ),

  // Abbreviations.
  rule("sentence-ending abbreviation", regex`(${CLOSING})\.${SENTENCE_END}`, (text) => `${text}.`),
  rule("abbreviation", regex`(?:${CLOSING}|${LEADING})\.`),
  rule("word stopped within sentence", regex`([\p{L}${DIGITS}]+(?:[-_][\p{L}${DIGITS}]+)*\.)[,;:\u3001]`),
  rule("abbreviation before number", regex`((?:${NUMBERING})\.)${BLANK}+\d`),
  rule("sentence-ending acronym", regex`(${ACRONYM})\.${SURE_SENTENCE_END}`, (text) => `${text}.`),
  rule("acronym", regex`${ACRONYM}\.`),
  rule("letter before sentence", regex`([A-Za-z])\.${SURE_SENTENCE_END}`),
  rule("initial", regex`[A-Za-z]\.`),
  rule(
    "set phrase",
    regex`[pP][rR][oO]-|[aA][nN][tT][iI]-|S(?:&|&amp;)P-500|[sS](?:&|&amp;)[lL]s|[Cc]ap'n|[cC]'est|[cC]\.[dD]\.s`,
    writeWord,
  ),

  rule("slashed words", regex`[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}(?:\\?/[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}){1,2}`),
  rule(
    "hyphened words",
    regex`[A-Za-z0-9][A-Za-z0-9.,\u00AD]{0,200}(?:-(?:${ACRONYM}\.|[A-Za-z0-9\u00AD]+))+`,
    stripSoftHyphens,
  ),
  rule("hyphened words", regex`[\p{L}${DIGITS}]+(?:[-_\u058A\u2010\u2011][\p{L}${DIGITS}]+)*`),
  rule("joined capitals", "[A-Z]+(?:(?:[+&]|&amp;)[A-Z]+)+", writeWord),
  rule("elided word", regex`[dDoOlL]${ELISION}[\p{L}\d]{2,}(?:[-_\u2010\u2011][\p{L}\d]+)*`),
  rule("elided word", regex`[A-HJ-XZn]${ELISION}\p{L}{2,}`),
  rule("elided word", regex`\p{L}+[aeiouyAEIOUY]${ELISION}[aeiouA-Z]\p{L}*`),
  rule("elided word", `[dDlLjJ]${APOSTROPHE}|[oO][lL]${APOSTROPHE}`),
  rule("elided word", regex`([yY]${APOSTROPHE})\p{L}`),
  rule("clipped word", `${APOSTROPHE}(?:[eE][mM]|[nN]${APOSTROPHE}?|[cC][aA][uU][sS][eE]|[tT][iI][lL][lL]?|[2-9]0s)`),
  rule("clipped word", "('[tT])(?:[iI][sS]|[wW][aA][sS])"),
  rule(
    "clipped word",
    regex`[cC]'mon|[eE]'er|[sS]'mores|[eE]v'ry|[lL]i'l|[nN]at'l|[nN]or'easter|[dD]unkin'|[sS]omethin'|cont'd\.`,
  ),
  rule("year", regex`(${APOSTROPHE}\d\d)${GAP}`),
  rule("n't", `([nN]${APOSTROPHE}[tT])[^A-Za-z]`, writeWord),
  rule("clitic", "('(?:[sSdDmM]|ll|LL|re|RE|ve|VE))[^A-Za-z]"),
  rule("clitic", regex`[\u0092\u2019](?:[sSdDmM]|ll|LL|re|RE|ve|VE)|&apos;(?:[sSdDmM]|ll|LL|re|RE|ve|VE)`, writeWord),
  rule("file name", regex`[${LETTERS}${DIGITS}]+(?:[-.][${LETTERS}${DIGITS}]+)*\.(?:${FILE_EXTENSION})(?=[\s.!?,])`),
  rule("language", regex`[cC]\+\+|[cCfF]#`),

  // Money.
  rule("money", regex`[A-Z]*\$|#`),
  rule("dollar", regex`[\u0080\u00A4\u20A0\u20AC]`, always("$")),
  rule("cents", regex`\u00A2`, always("cents")),
  rule("pound", regex`\u00A3`, always("#")),
  rule("percent", "%"),

  // Quotes.
  rule("double quote before word", `("|&quot;)[A-Za-z0-9$]`, always("``")),
  rule("double quote", `"|&quot;`, always("''")),
  rule("quote before word", regex`(')[A-Za-z][^ \t\n\u00A0]`, always("`")),
  rule("quotes", "''", always("''")),
  rule("quotes", regex`[\x60\u0091-\u0094\u00AB\u00BB\u2018-\u201F\u2039\u203A]{1,2}`, writeQuotes),
  rule("right quote", "'|&apos;", always("'")),

  // Faces.
  rule("face", regex`([<>]?[:;=][-o*']?[()DPdpO\\{@|[\]])[^A-Za-z0-9]`, writeBrackets),
  rule("face", regex`[-^=~<>'x]_[-^=~<>'x]|\([-^=~<>x'][_.]?[-^=~<>x']\)|\([\^x=~<>']-[\^x=~<>'\x60]\)`, writeBrackets),

  // Punctuation and symbols.
  rule("entity", regex`&(?:HT|TL|UR|LR|QC|QL|QR|odq|cdq|#\d+);`),
  rule("ampersand", "&amp;", always("&")),
  rule("less", "&lt;", always("<")),
  rule("greater", "&gt;", always(">")),
  rule("no-break space", "&nbsp;", drop),
  rule("ellipsis", regex`\.{3,5}|\.(?: \.){2,}|[\u0085\u2026]`, always("...")),
  rule("long dash", regex`&(?:MD|mdash|ndash);|[\u0096\u0097\u2013-\u2015]|-{2,4}`, always("--")),
  rule("dash run", "-{5,}|-"),
  rule("bracket", regex`[()[\]{}]`, (text) => BRACKETS[text]),
  rule("bracket name", "-(?:[LR][RCS]B|[lr][rcs]b)-"),
  rule("question and exclamation", "[?!]+"),
  rule("run of stars, underscores or hashes", regex`\\\*|\*+|_+|#+|@+|<<|>>`),
  rule("full stop, comma, colon, semicolon", "[.,:;]"),
  rule("symbol", `[${SYMBOLS}]`),
  rule("blank", `${BLANK}+`, drop),
  rule("unknown", "[^]", drop),
];

const patterns = (change: (source: string) => string, flags: string): readonly Rule[] =>
  SOURCES.map(({ name, source, write }) => ({ name, pattern: new RegExp(change(source), flags), write }));

let unicodeRules: readonly Rule[] | undefined;
let asciiRules: readonly Rule[] | undefined;

/**
 * The rules for a line. For one of ASCII alone, as nearly all are, the classes of letters and digits are cut down to ASCII: the patterns are
 * made, on first use, and matched in a fraction of the time.
 */
export function rulesFor(line: string): readonly Rule[] {
  // oxlint-disable-next-line no-control-regex
  if (!/^[\0-\x7F]*$/.test(line)) return (unicodeRules ??= patterns((source) => source, "uy"));
  return (asciiRules ??= patterns(inAscii, "y"));
}

function inAscii(source: string): string {
  return source
    .replaceAll(LETTERS, "A-Za-z")
    .replaceAll(SYMBOLS, ASCII_SYMBOLS)
    .replaceAll(BLANKS, " \\t")
    .replaceAll(DIGITS, "0-9")
    .replaceAll(/\[([^\]]*)\\p\{L\}/g, "[$1A-Za-z")
    .replaceAll("\\p{L}", "[A-Za-z]");
}
