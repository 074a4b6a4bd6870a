// Charts of scores: every value stands where it should, under its name.
import { describe, expect, it } from "vitest";
import { intervalChart, pairChart, shareChart } from "../../src/plot/score-charts.ts";
import { elements, parseSvg, texts } from "./svg.ts";

async function labelsOf(svg: Promise<string>): Promise<readonly string[]> {
  const root = parseSvg(await svg);
  return ["path", "line"].flatMap((name) => elements(root, name).map((one) => one.getAttribute("aria-label") ?? ""));
}

describe("intervals", () => {
  const points = [
    { label: "one", value: 40, low: 35, high: 44 },
    { label: "two", value: 20, low: 18, high: 23 },
  ];

  it("are drawn as a dot on a line, in the order given", async () => {
    const svg = intervalChart(points, "CIDEr × 100");
    const labels = await labelsOf(svg);
    expect(labels).toEqual(expect.arrayContaining(["CIDEr × 100: 40; label: one", "CIDEr × 100: 20; label: two"]));
    expect(labels).toContain("CIDEr × 100: 35; label: one; high: 44");
    const written = texts(parseSvg(await svg));
    expect(written.indexOf("one")).toBeLessThan(written.indexOf("two"));
  });

  it("below zero have room on the axis, and do not run into the names", async () => {
    const svg = await intervalChart([{ label: "one", value: 0.1, low: -0.5, high: 0.4 }], "tau");
    expect(texts(parseSvg(svg))).toEqual(expect.arrayContaining([expect.stringMatching(/^[−-]0\.4$/)]));
  });

  it("of a group stand under its name", async () => {
    const grouped = points.map((point, i) => ({ ...point, group: ["people", "colours"][i]! }));
    expect(texts(parseSvg(await intervalChart(grouped, "x")))).toEqual(
      expect.arrayContaining(["people", "colours", "one", "two"]),
    );
  });
});

it("shares are bars, one for each series at each place", async () => {
  const labels = await labelsOf(
    shareChart(
      [
        { name: "a", shares: [0.25, 0.75] },
        { name: "b", shares: [1] },
      ],
      ["0", "1+"],
      "words",
    ),
  );
  const bars = labels.filter((label) => label.startsWith("words"));
  expect(bars).toHaveLength(4);
  expect(bars).toContain("words: 1+; share: 75.000000%; name: a");
  expect(bars).toContain("words: 1+; share: 0.000000%; name: b");
});

it("pairs are two dots on a line", async () => {
  const labels = await labelsOf(pairChart([{ label: "dog", first: 0.5, second: 0.2 }], ["people", "model"], "share"));
  expect(labels.filter((label) => label.includes("dog"))).toHaveLength(3);
  expect(labels.some((label) => /0\.5.*people/.test(label))).toBe(true);
});

it("nothing to draw, or more series than colours, is refused", async () => {
  await expect(intervalChart([], "x")).rejects.toMatchObject({ code: "ARGUMENT" });
  await expect(pairChart([], ["a", "b"], "x")).rejects.toMatchObject({ code: "ARGUMENT" });
  const many = Array.from({ length: 9 }, (_, i) => ({ name: String(i), shares: [1] }));
  await expect(shareChart(many, ["0"], "x")).rejects.toMatchObject({ code: "ARGUMENT" });
});
