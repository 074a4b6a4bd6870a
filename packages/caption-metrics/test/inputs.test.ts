// What cannot be scored is refused with a code and a message that names it, the same for every metric.
import { describe, expect, it } from "vitest";
import { bleu } from "../src/bleu.ts";
import { ciderD } from "../src/cider-d.ts";
import { rougeL } from "../src/rouge-l.ts";
import { words } from "./words.ts";

describe.each([
  ["bleu", bleu],
  ["rougeL", rougeL],
  ["ciderD", ciderD],
])("%s", (_, metric) => {
  it("refuses an empty corpus", () => {
    expect(() => metric([], [])).toThrowError(expect.objectContaining({ name: "MetricsError", code: "EMPTY" }));
  });

  it("refuses another number of hypotheses than of images", () => {
    expect(() => metric([words("a")], [])).toThrowError(
      expect.objectContaining({
        code: "IDS",
        message: expect.stringContaining("1 hypotheses and references for 0 images"),
      }),
    );
  });

  it("names the image that has no reference", () => {
    expect(() => metric([words("a"), words("b")], [[words("a")], []])).toThrowError(
      expect.objectContaining({ code: "NO_REFERENCES", message: expect.stringContaining("image 1") }),
    );
  });
});
