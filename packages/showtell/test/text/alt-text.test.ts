// Captions as alternative texts: what screen readers do not need is left out, nothing is too long, nothing breaks the document around it.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { altText, htmlImage, longestAltText, markdownImage } from "../../src/text/alt-text.ts";

describe("an alternative text", () => {
  test("begins with a capital and does not announce an image", () => {
    expect(altText("a dog runs")).toBe("A dog runs");
    for (const start of [
      "an image of",
      "A picture of",
      "this is a photo showing",
      "The photograph of",
      "a close-up photo of",
    ]) {
      expect(altText(`${start} two dogs`)).toBe("Two dogs");
    }
    expect(altText("a man takes a photo of a dog")).toBe("A man takes a photo of a dog");
  });

  test("is empty for decorative pictures", () => {
    expect(altText("a dog runs", { decorative: true })).toBe("");
  });

  test("is cut between words where it is too long, and says so by its end", () => {
    const long = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ");
    const cut = altText(long);
    expect(cut.length).toBeLessThanOrEqual(longestAltText);
    expect(cut).toMatch(/word\d+…$/);
    expect(long.startsWith(cut.slice(1, -1).replace(/^/, "w"))).toBe(true);
  });

  test("is never longer than allowed, whatever it is made of", () => {
    fc.assert(fc.property(fc.string({ maxLength: 400 }), (text) => altText(text).length <= longestAltText));
  });
});

describe("markup", () => {
  test("keeps quotes, brackets and spaces from breaking out", () => {
    expect(htmlImage("my dog.jpg", 'A "big" <dog> & cat')).toBe(
      '<img src="my%20dog.jpg" alt="A &quot;big&quot; &lt;dog&gt; &amp; cat">',
    );
    expect(markdownImage("dog (1).jpg", "A [big] dog")).toBe(String.raw`![A \[big\] dog](dog%20%281%29.jpg)`);
  });

  test("has the whole name as an address, where a mark in it could begin another part", () => {
    expect(htmlImage("photo:1.jpg", "x")).toBe('<img src="./photo:1.jpg" alt="x">');
    expect(markdownImage("a/photo:1.jpg", "x")).toBe("![x](a/photo:1.jpg)");
    expect(htmlImage("a#1?.jpg", "x")).toBe('<img src="a%231%3F.jpg" alt="x">');
    expect(markdownImage("50% #2?.jpg", "x")).toBe("![x](50%25%20%232%3F.jpg)");
  });

  test("of decorative pictures has an empty text, not none", () => {
    expect(htmlImage("line.png", "")).toBe('<img src="line.png" alt="">');
    expect(markdownImage("line.png", "")).toBe("![](line.png)");
  });
});
