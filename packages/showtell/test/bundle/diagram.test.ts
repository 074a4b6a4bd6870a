// What a bundle computes, as blocks and arrows: every block is reached, sizes are the bundle's, and it can be drawn.
import { beforeAll, describe, expect, test } from "vitest";
import type { Bundle } from "../../src/bundle/bundle.ts";
import { describeCaptioner } from "../../src/bundle/diagram.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { encoderOf } from "../../src/models/encoder-graph.ts";
import type { Architecture } from "../../src/plot/architecture.ts";
import { architectureDiagram } from "../../src/plot/architecture.ts";
import { tinyBundle, tinySpec } from "./tiny-decoder.ts";

const spec = { kind: "resnet50" } as const;
const encoder: Manifest["encoder"] = {
  spec,
  preprocessing: encoderOf(spec).preprocessing,
  identity: "ab".repeat(32),
  selfTest: { seed: 1, values: [0], ids: [0] },
};
let bundle: Omit<Bundle, "source">;

beforeAll(async () => {
  bundle = await tinyBundle();
});

/** Blocks that cannot be reached from the first along the arrows, apart from where words are fed back from. */
function unreached({ nodes, edges }: Architecture): string[] {
  const reached = new Set([nodes[0]!.id]);
  for (let before = 0; before < reached.size;) {
    before = reached.size;
    for (const { from, to } of edges) if (reached.has(from)) reached.add(to);
  }
  return nodes.flatMap(({ id }) => (reached.has(id) ? [] : [id]));
}

function textOf(architecture: Architecture, id: string): string {
  return architecture.nodes.find((block) => block.id === id)!.lines.join("; ");
}

describe("the blocks of a captioner", () => {
  test("lead from the picture to the caption, with words fed back and a state", () => {
    const whole = describeCaptioner({ ...bundle.manifest, encoder });
    expect(whole.nodes[0]!.id).toBe("picture");
    expect(whole.nodes.at(-1)!.id).toBe("caption");
    expect(unreached(whole)).toEqual([]);
    expect(whole.edges).toContainEqual({ from: "search", to: "words", label: "next word" });
    expect(whole.edges).toContainEqual({ from: "lstm", to: "lstm", label: "state" });
  });

  test("say sizes and numbers of parameters as the bundle has them", () => {
    const whole = describeCaptioner({ ...bundle.manifest, encoder });
    expect(textOf(whole, "encoder")).toBe("53 convolutions; 23.5 M parameters");
    expect(textOf(whole, "preprocessing")).toContain("squeezed to 224 × 224");
    expect(textOf(whole, "features")).toContain("5");
    expect(textOf(whole, "image")).toContain("5 → 4, dropout 0.1; 24 parameters"); // 5 · 4 + 4
    expect(textOf(whole, "words")).toContain("10 × 4; dropout 0.25; 40 parameters");
    expect(textOf(whole, "lstm")).toBe("input 4, state 6; 264 parameters"); // (4 + 6 + 1) · 4 · 6
    expect(textOf(whole, "output")).toContain("6 → 10 words");
  });

  test("tell fixed word vectors from trained ones, and a projection from none", () => {
    const { decoder } = bundle.manifest;
    const changed = { ...decoder!, spec: { ...tinySpec, vectors: "frozen", vectorSize: 3 } as const };
    const frozen = describeCaptioner({ ...bundle.manifest, decoder: changed });
    const words = frozen.nodes.find(({ id }) => id === "words")!;
    expect(words.kind).toBe("frozen");
    expect(words.lines).toContain("projected to 4");
    expect(describeCaptioner(bundle.manifest).nodes.find(({ id }) => id === "words")!.kind).toBe("trained");
  });

  test("are those of the encoder or the decoder alone where the other is missing", () => {
    expect(describeCaptioner(bundle.manifest).nodes[0]!.id).toBe("features");
    const { decoder: _decoder, ...rest } = bundle.manifest;
    expect(describeCaptioner({ ...rest, encoder }).nodes.map(({ id }) => id)).toEqual([
      "picture",
      "preprocessing",
      "encoder",
      "features",
    ]);
  });

  test("can be drawn", async () => {
    expect(await architectureDiagram(describeCaptioner({ ...bundle.manifest, encoder }))).toContain("Word vectors");
  });
});
