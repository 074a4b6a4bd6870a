// Reliability: every point stands where it was said and where it came true, and the line of perfection is there.
import { describe, expect, it } from "vitest";
import { reliabilityChart } from "../../src/plot/reliability-chart.ts";
import { elements, parseSvg, texts } from "./svg.ts";

const titles = ["said", "came true"] as const;

describe("a reliability chart", () => {
  it("has a point for each bin with captions, and names series only where there are several", async () => {
    const points = [
      { confidence: 0.1, share: 0.2, count: 5 },
      { confidence: 0.5, share: 0, count: 0 },
      { confidence: 0.9, share: 0.8, count: 50 },
    ];
    const root = parseSvg(await reliabilityChart([{ name: "dev", points }], titles));
    const labels = elements(root, "path").map((one) => one.getAttribute("aria-label") ?? "");
    const drawn = labels.filter((label) => label.includes("count"));
    expect(drawn).toHaveLength(2);
    expect(drawn[0]).toMatch(/^said: 10\.0+%; came true: 20\.0+%;/);
    expect(texts(root)).toEqual(expect.arrayContaining([...titles, "0%", "100%"]));
    expect(texts(root)).not.toContain("dev");
    const both = await reliabilityChart(
      ["dev", "test"].map((name) => ({ name, points })),
      titles,
    );
    expect(texts(parseSvg(both))).toEqual(expect.arrayContaining(["dev", "test"]));
  });

  it("refuses to draw nothing", async () => {
    await expect(reliabilityChart([{ name: "dev", points: [] }], titles)).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});
