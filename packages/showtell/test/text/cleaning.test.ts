// The named cleaning rules and their report.
import { describe, expect, it } from "vitest";
import { type CleaningRule, cleanCaptions, cleaningRules, parseCleaningRules } from "../../src/text/cleaning.ts";

const clean = (rule: CleaningRule, caption: string): string => {
  const [tokens] = cleanCaptions([caption.split(" ")], [rule]).captions;
  return tokens!.join(" ");
};

describe("cleanCaptions", () => {
  it.each([
    ["digits", "number 7 in the 4x4 race", "number in the race"],
    ["lone-letters", "a man with a t-shirt marked x and 7", "man with t-shirt marked and 7"],
    ["punctuation", "the man 's t-shirt & a # sign über é", "the man s tshirt a sign über é"],
  ] as const)("%s: %j → %j", (rule, before, after) => {
    expect(clean(rule, before)).toBe(after);
  });

  it("changes nothing without a rule", () => {
    const captions = [["a", "7", "'s"]];
    expect(cleanCaptions(captions, [])).toEqual({ captions, reports: [] });
  });

  it("applies rules in the order given: what one leaves over another may drop", () => {
    const captions = [["man", "'s"]];
    expect(cleanCaptions(captions, ["punctuation", "lone-letters"]).captions).toEqual([["man"]]);
    expect(cleanCaptions(captions, ["lone-letters", "punctuation"]).captions).toEqual([["man", "s"]]);
  });

  it("keeps a caption of which nothing is left, so that captions stay in step with their pictures", () => {
    expect(cleanCaptions([["a"], ["a", "dog"]], ["lone-letters"]).captions).toEqual([[], ["dog"]]);
  });

  it("reports what each rule dropped and changed, most frequent first", () => {
    const captions = [["a", "man", "'s", "t-shirt"], ["a"], ["&", "dogs"], ["men", "&", "t-shirt"], ["&"], []];
    const { reports } = cleanCaptions(captions, ["punctuation", "lone-letters"]);
    expect(reports).toEqual([
      {
        rule: "punctuation",
        tokensDropped: 3,
        tokensChanged: 3,
        captionsTouched: 4,
        captionsEmptied: 1,
        examples: [
          { token: "&", becomes: "", count: 3 },
          { token: "t-shirt", becomes: "tshirt", count: 2 },
          { token: "'s", becomes: "s", count: 1 },
        ],
      },
      {
        rule: "lone-letters",
        tokensDropped: 3,
        tokensChanged: 0,
        captionsTouched: 2,
        captionsEmptied: 1,
        examples: [
          { token: "a", becomes: "", count: 2 },
          { token: "s", becomes: "", count: 1 },
        ],
      },
    ]);
  });
});

describe("parseCleaningRules", () => {
  it("knows each rule by its name", () => {
    const names = Object.keys(cleaningRules);
    expect(parseCleaningRules(names)).toEqual(names);
  });

  it.each(["stemming", "toString"])("refuses %j and lists the rules", (name) => {
    const message = expect.stringContaining("digits, lone-letters, punctuation");
    expect(() => parseCleaningRules([name])).toThrow(expect.objectContaining({ code: "ARGUMENT", message }));
  });
});
