import type { Element } from "@xmldom/xmldom";
import { describe, expect, it } from "vitest";
import { type Architecture, architectureDiagram } from "../../src/plot/architecture.ts";
import { elements, parseSvg, shiftOf, sizeOf, texts } from "./svg.ts";

const captioner: Architecture = {
  nodes: [
    { id: "picture", title: "Picture", lines: ["224 × 224 × 3"], kind: "data" },
    { id: "encoder", title: "ResNet-50", lines: ["int8 weights", "23.5 M parameters"], kind: "frozen" },
    { id: "embedding", title: "Word embedding", lines: ["2,535 × 300"], kind: "trained" },
    { id: "lstm", title: "LSTM", lines: ["hidden 512"], kind: "trained" },
    { id: "word", title: "Next word", lines: [], kind: "data" },
  ],
  edges: [
    { from: "picture", to: "encoder" },
    { from: "encoder", to: "lstm", label: "[2048]" },
    { from: "embedding", to: "lstm", label: "[300]" },
    { from: "lstm", to: "lstm", label: "state" },
    { from: "lstm", to: "word" },
    { from: "word", to: "embedding", label: "fed back" },
  ],
};

/** The groups of blocks or arrows by their titles ("id" or "from->to"). */
function groups(root: Element, kind: "node" | "edge"): Map<string, Element> {
  const found = elements(root, "g").filter((group) => group.getAttribute("class") === kind);
  return new Map(found.map((group) => [elements(group, "title")[0]!.textContent!, group]));
}

/** Where the text of a block stands, on the paper. */
function heightOf(block: Element): number {
  const text = elements(block, "text")[0]!;
  return Number(text.getAttribute("y")) + shiftOf(text).y;
}

/** Left and right edge of a block's outline, from the corners of its path. */
function extent(block: Element): { readonly left: number; readonly right: number } {
  const numbers = [
    ...elements(block, "path")[0]!
      .getAttribute("d")!
      .matchAll(/([-\d.]+),[-\d.]+/g),
  ].map(([, x]) => Number(x));
  return { left: Math.min(...numbers), right: Math.max(...numbers) };
}

async function refused(nodes: Architecture["nodes"], edges: Architecture["edges"], message: RegExp): Promise<void> {
  await expect(architectureDiagram({ nodes, edges })).rejects.toMatchObject({ code: "ARGUMENT", message });
}

describe("an architecture diagram", () => {
  it("has every block with its texts and every arrow with its label", async () => {
    const root = parseSvg(await architectureDiagram(captioner));
    const [blocks, arrows] = [groups(root, "node"), groups(root, "edge")];
    expect([...blocks.keys()].toSorted()).toEqual(captioner.nodes.map(({ id }) => id).toSorted());
    for (const { id, title, lines } of captioner.nodes) expect(texts(blocks.get(id)!)).toEqual([title, ...lines]);
    expect(arrows.size).toBe(captioner.edges.length);
    for (const { from, to, label } of captioner.edges) {
      const arrow = arrows.get(`${from}->${to}`)!;
      expect(texts(arrow)).toEqual(label === undefined ? [] : [label]);
      expect(elements(arrow, "polygon")).toHaveLength(1); // its head
    }
  });

  it("reads from top to bottom, loops notwithstanding", async () => {
    const blocks = groups(parseSvg(await architectureDiagram(captioner)), "node");
    const heights = ["picture", "encoder", "lstm", "word"].map((id) => heightOf(blocks.get(id)!));
    expect(heights).toEqual(heights.toSorted((a, b) => a - b));
    expect(heightOf(blocks.get("embedding")!)).toBeLessThan(heightOf(blocks.get("lstm")!));
  });

  it("makes blocks wide enough for their longest line", async () => {
    const line = "0123456789".repeat(4);
    const nodes = [{ id: "a", title: "A", lines: [line], kind: "trained" }] as const;
    const block = groups(parseSvg(await architectureDiagram({ nodes, edges: [] })), "node").get("a")!;
    const { left, right } = extent(block);
    // A digit of Arial is 0.556 em wide; the letters are 11 points high.
    expect(right - left).toBeGreaterThan(40 * 0.556 * 11 + 20);
    const text = elements(block, "text")[1]!;
    expect(Number(text.getAttribute("x"))).toBeGreaterThan(left + 10);
  });

  it("colours blocks by kind, and its legend explains the kinds that occur", async () => {
    const root = parseSvg(await architectureDiagram(captioner));
    const blocks = groups(root, "node");
    const fill = (id: string) => elements(blocks.get(id)!, "path")[0]!.getAttribute("fill");
    expect(fill("embedding")).toBe(fill("lstm"));
    expect(new Set([fill("picture"), fill("encoder"), fill("lstm")]).size).toBe(3);
    expect(texts(root)).toEqual(expect.arrayContaining(["data", "weights kept fixed", "weights trained"]));
    expect(texts(root)).not.toContain("no weights");
  });

  it("keeps odd texts and ids, and draws empty ones", async () => {
    const odd = `<b> & "x" – ünï`;
    const root = parseSvg(
      await architectureDiagram({
        nodes: [
          { id: `we"ird\\ <id> &`, title: odd, lines: ["", "tab\tand\u0001control"], kind: "operation" },
          { id: "b", title: "", lines: [], kind: "data" },
        ],
        edges: [{ from: `we"ird\\ <id> &`, to: "b", label: odd }],
      }),
    );
    expect(texts(root).filter((text) => text === odd)).toHaveLength(2);
    expect(texts(root)).toContain("tab and control");
    expect(groups(root, "node").size).toBe(2);
  });

  it("fits on its paper, and names a fallback for its font", async () => {
    const svg = await architectureDiagram(captioner);
    const { width, height } = sizeOf(parseSvg(svg));
    expect(width).toBeGreaterThan(200);
    expect(height).toBeGreaterThan(width);
    expect(svg).not.toContain('font-family="Arial"');
    expect(svg).toMatch(/font-family="Arial,[^"]*sans-serif"/);
  });

  it("refuses no block, two of one id, and an arrow to nowhere", async () => {
    const [picture] = captioner.nodes;
    await refused([], [], /without blocks/);
    await refused([picture!, picture!], [], /same id: picture, picture/);
    await refused([picture!], [{ from: "picture", to: "sky" }], /"sky", which is no block/);
    await refused([picture!], [{ from: "sky", to: "picture" }], /"sky", which is no block/);
  });
});
