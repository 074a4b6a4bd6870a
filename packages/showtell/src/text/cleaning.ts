// The further cleaning rules of the captioning literature, by name and all off by default, with a report of what each changed.
// For training captions only: references that are scored stay as they are.
import { ShowtellError } from "../base/errors.ts";

/** The name of a rule in {@link cleaningRules}. */
export type CleaningRule = "digits" | "lone-letters" | "punctuation";

/** One rule: what it does, for people, and the token that it makes of a token ("" drops it). */
export interface CleaningRuleEntry {
  readonly description: string;
  readonly clean: (token: string) => string;
}

/** Every rule. Karpathy and Fei-Fei 2015 discard what is not alphanumeric (`punctuation`); tutorials on Flickr8k apply all three. */
export const cleaningRules: Readonly<Record<CleaningRule, CleaningRuleEntry>> = {
  digits: {
    description: "drops tokens that contain a digit",
    clean: (token) => (/\p{Nd}/u.test(token) ? "" : token),
  },
  "lone-letters": {
    description: 'drops tokens of one letter, "a" and "i" among them',
    clean: (token) => (/^\p{L}$/u.test(token) ? "" : token),
  },
  punctuation: {
    description: "removes all characters but letters and digits from tokens, and drops what becomes empty",
    clean: (token) => token.replace(/[^\p{L}\p{M}\p{Nd}]/gu, ""),
  },
};

/** A token that a rule changed, what became of it ("" if it was dropped), and how often. */
export interface CleaningExample {
  readonly token: string;
  readonly becomes: string;
  readonly count: number;
}

/** What one rule did. */
export interface CleaningReport {
  readonly rule: CleaningRule;
  readonly tokensDropped: number;
  readonly tokensChanged: number;
  /** Captions in which a token was dropped or changed. */
  readonly captionsTouched: number;
  /** Captions of which nothing was left. */
  readonly captionsEmptied: number;
  /** The tokens dropped or changed most often, at most ten. */
  readonly examples: readonly CleaningExample[];
}

const exampleCount = 10;

/**
 * The rules of these names, as a command line gives them.
 * @throws ShowtellError `ARGUMENT` if there is no rule of a name.
 */
export function parseCleaningRules(names: readonly string[]): CleaningRule[] {
  return names.map((name) => {
    if (isCleaningRule(name)) return name;
    const known = Object.keys(cleaningRules).join(", ");
    throw new ShowtellError("ARGUMENT", `there is no cleaning rule "${name}"; the rules are ${known}`);
  });
}

function isCleaningRule(name: string): name is CleaningRule {
  return Object.hasOwn(cleaningRules, name);
}

/** Applies rules in the given order to tokenised captions; a caption of which nothing is left stays as an empty one. */
export function cleanCaptions(
  captions: readonly (readonly string[])[],
  rules: readonly CleaningRule[],
): { readonly captions: readonly (readonly string[])[]; readonly reports: readonly CleaningReport[] } {
  let cleaned = captions;
  const reports: CleaningReport[] = [];
  for (const rule of rules) {
    const before = cleaned;
    cleaned = before.map((tokens) => applyRule(rule, tokens));
    reports.push(reportOf(rule, before, cleaned));
  }
  return { captions: cleaned, reports };
}

function applyRule(rule: CleaningRule, tokens: readonly string[]): readonly string[] {
  return tokens.map((token) => cleaningRules[rule].clean(token)).filter((token) => token !== "");
}

function reportOf(
  rule: CleaningRule,
  before: readonly (readonly string[])[],
  after: readonly (readonly string[])[],
): CleaningReport {
  const { clean } = cleaningRules[rule];
  const counts = new Map<string, number>();
  let captionsTouched = 0;
  for (const tokens of before) {
    const touched = tokens.filter((token) => clean(token) !== token);
    for (const token of touched) counts.set(token, (counts.get(token) ?? 0) + 1);
    if (touched.length > 0) captionsTouched++;
  }
  const changes = Array.from(counts, ([token, count]) => ({ token, becomes: clean(token), count }));
  changes.sort((a, b) => b.count - a.count || (a.token < b.token ? -1 : 1));
  const tokensDropped = countOf(changes.filter(({ becomes }) => becomes === ""));
  return {
    rule,
    tokensDropped,
    tokensChanged: countOf(changes) - tokensDropped,
    captionsTouched,
    captionsEmptied: before.filter((tokens, i) => tokens.length > 0 && after[i]!.length === 0).length,
    examples: changes.slice(0, exampleCount),
  };
}

function countOf(changes: readonly CleaningExample[]): number {
  return changes.reduce((sum, { count }) => sum + count, 0);
}
