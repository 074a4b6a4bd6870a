// PTB tokens are those of the reference tokeniser, for every record of it, in linear time, whatever the text.
import * as fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { scan } from "../../src/ptb/lexer.ts";
import { ptbRawTokens, ptbTokens } from "../../src/ptb/tokens.ts";

vi.setConfig({ testTimeout: 120_000 });

interface PtbRecord {
  readonly text: string;
  readonly raw: readonly string[];
  readonly tokens: readonly string[];
}

const records = readFileSync(new URL("../golden/ptb.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as PtbRecord);

describe("the golden records", () => {
  it("are all met, before and after the removal of punctuation", () => {
    expect(records).toHaveLength(705);
    const wrong = records.filter(
      ({ text, raw, tokens }) =>
        ptbRawTokens(text).join("\n") !== raw.join("\n") || ptbTokens(text).join("\n") !== tokens.join("\n"),
    );
    expect(wrong).toEqual([]);
  });
});

describe("a caption", () => {
  it("is lower-cased, split at clitics and stripped of punctuation", () => {
    expect(ptbTokens(`A man can't climb the dogs' "T-shirt", he cannot.`)).toEqual([
      "a",
      "man",
      "ca",
      "n't",
      "climb",
      "the",
      "dogs",
      "t-shirt",
      "he",
      "can",
      "not",
    ]);
  });

  it("keeps bracket names, signs and runs of exclamation marks, as the reference does", () => {
    expect(ptbTokens("(50% & #1)!!! -LRB-")).toEqual(["-lrb-", "50", "%", "&", "#", "1", "-rrb-", "!!!", "-lrb-"]);
  });

  it("treats every line break as a blank", () => {
    for (const lineBreak of ["\n", "\r", "\r\n", "\v", "\f", "\u2028", "\u2029"]) {
      expect(ptbTokens(`a dog.${lineBreak}A cat`)).toEqual(["a", "dog", "a", "cat"]);
    }
  });

  it("does not depend on where it is broken into words that are plain", () => {
    expect(ptbTokens("a dog runs")).toEqual(ptbTokens("  a\tdog \u3000 runs  "));
  });

  it("may be empty", () => {
    expect(ptbTokens("")).toEqual([]);
    expect(ptbTokens(" .,;:!? ")).toEqual(["!?"]);
  });
});

describe("answers of the reference found by asking it", () => {
  const answers: Readonly<Record<string, string>> = {
    "etc. The dog": "etc. . the dog",
    "etc.  x": "etc. . x",
    "U.S. On ice": "u.s. on ice",
    "U.S. At sea": "u.s. . at sea",
    "Wash. wash. x": "wash. wash . x",
    "PTY. Pty. x": "pty . pty. x",
    "née't n't1 don't": "née ' t n't 1 do n't",
    "’Dog ’em 'em": "'d og ’em 'em",
    "a“““b": "a ```` `` b",
    "x.jpg 5.jpg 5.dog": "x.jpg 5.jpg 5 . dog",
    "(^_^) :-) :)x": "-lrb-^_^-rrb- :--rrb- : -rrb- x",
    "dog., 12.; don't.,": "dog. , 12. ; do n't . ,",
    '<b c="d"> <b c=d>': '<b c="d"> < b c =d >',
    "bob@example.com http://a.b/c? a.com/b": "bob@example.com http://a.b/c ? a.com / b",
    "\u00AD foot\u00ADball": "- football",
  };
  it.each(Object.entries(answers))("%s", (caption, tokens) => {
    expect(ptbRawTokens(caption).join(" ")).toBe(tokens);
  });
});

describe("any text", () => {
  it("gives tokens without blanks or capitals, and no error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (text) => {
        for (const token of ptbRawTokens(text)) {
          expect(token).not.toBe("");
          if (!/[<@]|:\/\//.test(token)) expect(token).not.toMatch(/[ \t\n]/);
          expect(token).toBe(token.toLowerCase());
        }
      }),
      { numRuns: 2000, seed: 8 },
    );
  });

  it("is scanned in linear time, however hostile", () => {
    const units = [
      "a",
      "1",
      ".",
      "-",
      "'",
      "<",
      "<b ",
      "a,",
      "a!",
      "a.",
      "1 ",
      "(",
      "&",
      "@a",
      "a=",
      "www.a",
      '"',
      "1/",
      "a'a",
      "é",
      "🐶",
      "n't",
    ];
    const shortMs = Math.max(...units.map((unit) => timeMs(unit.repeat(2000 / unit.length))));
    for (const unit of units) {
      // Ten times the text may take ten times as long, with room for noise, but not a hundred times.
      expect(timeMs(unit.repeat(20_000 / unit.length)), unit).toBeLessThan(40 * Math.max(shortMs, 5));
    }
  });

  it("of 5,000 words takes less than a second", () => {
    expect(timeMs("The man's well-known dog, (e.g. a U.S. one) runs. ".repeat(500))).toBeLessThan(1000);
  });
});

describe("the rules for ASCII", () => {
  it("give what the rules for any text give, of which a letter behind the line's end makes use", () => {
    const piece = fc.constantFrom(
      ..."a dog n't 's can't U.S. Mr. (e.g. 1,000 3/4 $5 c++ #x @y -- ... :) <b> &amp; www.a.com 10:30 t-shirt".split(
        " ",
      ),
      "o'clock",
      '"',
      "  ",
      "\t",
    );
    const text = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(" ")),
      fc.string({ unit: "grapheme-ascii" }),
    );
    fc.assert(
      fc.property(text, (caption) => {
        const line = caption.replace(/[\n\r\v\f]/g, " ");
        expect(scan(`${line}\nx`, line.length)).toEqual(scan(`${line}\nx\u00e9`, line.length));
      }),
      { numRuns: 2000, seed: 9 },
    );
  });
});

/** Processor time, so that a busy machine does not fail the tests. */
function timeMs(text: string): number {
  const start = process.cpuUsage();
  ptbTokens(text);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
