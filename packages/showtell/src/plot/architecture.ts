// A model as blocks and arrows: data → SVG through Graphviz (compiled to WebAssembly). Knows no model; needs no DOM.
import { ShowtellError } from "../base/errors.ts";
import { fontFamily, ink, seriesColours } from "./style.ts";

/** What a block is: what flows, what has fixed weights, what has trained weights, what has none. */
export type BlockKind = "data" | "frozen" | "trained" | "operation";

/** A block of the diagram. */
export interface Block {
  /** Unique in the diagram. */
  readonly id: string;
  readonly title: string;
  /** Below the title, smaller: sizes, parameters. */
  readonly lines: readonly string[];
  readonly kind: BlockKind;
}

/** An arrow between two blocks, or from a block to itself. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label?: string;
}

/** Blocks in the order of the computation, and what flows between them. An arrow to an earlier block is drawn as feedback. */
export interface Architecture {
  readonly nodes: readonly Block[];
  readonly edges: readonly Arrow[];
}

/** Graphviz has no fonts here and knows the widths of letters by name: of this one, but of no list that begins with it. */
const measured = "Arial";

const kinds: {
  readonly [Kind in BlockKind]: { readonly fill: string; readonly line: string; readonly meaning: string };
} = {
  data: { fill: "#f3f3f3", line: ink.line, meaning: "data" },
  frozen: { fill: "#e2eef6", line: seriesColours[0], meaning: "weights kept fixed" },
  trained: { fill: "#fbe9dd", line: seriesColours[1], meaning: "weights trained" },
  operation: { fill: ink.paper, line: ink.line, meaning: "no weights" },
};

/**
 * Draws a model from top to bottom, with a legend of the kinds that occur, as the text of an SVG file on a white ground.
 * @throws ShowtellError `ARGUMENT` if there is no block, an id comes twice, or an arrow names a block that is not there.
 */
export async function architectureDiagram(architecture: Architecture): Promise<string> {
  const dot = dotOf(architecture);
  const { Graphviz } = await import("@hpcc-js/wasm-graphviz");
  const graphviz = await Graphviz.load();
  return graphviz.dot(dot).replaceAll(`font-family="${measured}"`, `font-family="${fontFamily}"`);
}

/** The diagram in Graphviz's own language. */
function dotOf({ nodes, edges }: Architecture): string {
  if (nodes.length === 0) throw new ShowtellError("ARGUMENT", "an architecture without blocks cannot be drawn");
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  if (places.size < nodes.length) {
    throw new ShowtellError(
      "ARGUMENT",
      `two blocks of an architecture have the same id: ${nodes.map(({ id }) => id).join(", ")}`,
    );
  }
  const statements = [
    `graph [rankdir=TB, bgcolor="${ink.paper}", fontname="${measured}", nodesep=0.5, ranksep=0.42, pad=0.3]`,
    `node [shape=box, style="rounded,filled", fontname="${measured}", fontcolor="${ink.strong}", margin="0.24,0.14", penwidth=1.4]`,
    `edge [fontname="${measured}", fontsize=11, fontcolor="${ink.soft}", color="${ink.soft}", arrowsize=0.75, penwidth=1.3]`,
    ...nodes.map((block) => blockStatement(block)),
    ...edges.map((arrow) => arrowStatement(arrow, places)),
    legendStatement(nodes),
  ];
  return `digraph architecture {\n${statements.join(";\n")};\n}`;
}

function blockStatement({ id, title, lines, kind }: Block): string {
  const { fill, line } = kinds[kind];
  const rows = lines.map((text) => row(`<font point-size="11" color="${ink.soft}">${escaped(text)}</font>`));
  const label = `<table border="0" cellborder="0" cellspacing="0" cellpadding="1">${row(`<font point-size="14"><b>${escaped(title)}</b></font>`)}${rows.join("")}</table>`;
  return `${quoted(id)} [label=<${label}>, fillcolor="${fill}", color="${line}"]`;
}

/** Feedback must not shape the layout, or the loop would turn the diagram around. */
function arrowStatement({ from, to, label }: Arrow, places: ReadonlyMap<string, number>): string {
  const [start, end] = [places.get(from), places.get(to)];
  if (start === undefined || end === undefined) {
    const missing = start === undefined ? from : to;
    throw new ShowtellError(
      "ARGUMENT",
      `the arrow from "${from}" to "${to}" names "${missing}", which is no block of the architecture`,
    );
  }
  const attributes = [
    ...(label === undefined ? [] : [`label=< ${escaped(label)} >`]),
    ...(end < start ? ["constraint=false"] : []),
  ];
  return `${quoted(from)} -> ${quoted(to)} [${attributes.join(", ")}]`;
}

/** The graph's own label, below the drawing. */
function legendStatement(nodes: readonly Block[]): string {
  const present = (Object.keys(kinds) as BlockKind[]).filter((kind) => nodes.some((block) => block.kind === kind));
  const cells = present.map((kind) => {
    const { fill, line, meaning } = kinds[kind];
    return `<td border="1" style="rounded" width="16" height="12" fixedsize="true" bgcolor="${fill}" color="${line}"></td><td><font point-size="11" color="${ink.soft}">${meaning}   </font></td>`;
  });
  return `label=<<table border="0" cellborder="0" cellspacing="4"><tr><td height="14"></td></tr><tr>${cells.join("")}</tr></table>>; labelloc=b`;
}

function row(content: string): string {
  return `<tr><td>${content}</td></tr>`;
}

/** For Graphviz's HTML-like labels, which can be neither empty nor hold control characters. */
function escaped(text: string): string {
  const visible = text.replaceAll(/\p{Cc}/gu, " ").trim();
  if (visible === "") return "&#160;";
  return visible.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function quoted(id: string): string {
  return `"${id.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
