// Reading an SVG picture in a test: a strict parse, then elements, texts and places on the paper.
import { DOMParser, type Element } from "@xmldom/xmldom";

/** The root element; throws if the text is no well-formed XML. */
export function parseSvg(svg: string): Element {
  const root = new DOMParser({ onError: refuse }).parseFromString(svg, "image/svg+xml").documentElement;
  if (root?.localName !== "svg") throw new Error("no svg element");
  return root;
}

function refuse(level: string, message: string): never {
  throw new Error(`${level}: ${message}`);
}

/** All elements of a name below another, in document order. */
export function elements(root: Element, name: string): Element[] {
  return [...root.getElementsByTagName(name)];
}

/** What all text elements say, in document order. */
export function texts(root: Element): string[] {
  return elements(root, "text").map(({ textContent }) => textContent!.replaceAll("\u00a0", " ").trim());
}

/** How far the groups around an element and its own transform shift it. */
export function shiftOf(element: Element): { readonly x: number; readonly y: number } {
  let [x, y] = [0, 0];
  for (let at: Element | null = element; at?.getAttribute !== undefined; at = at.parentNode as Element | null) {
    const found = /translate\(([-\d.]+)[ ,]([-\d.]+)\)/.exec(at.getAttribute("transform") ?? "");
    if (found === null) continue;
    x += Number(found[1]);
    y += Number(found[2]);
  }
  return { x, y };
}

/** The corners of a path of straight lines, on the paper. */
export function corners(path: Element): { readonly x: number; readonly y: number }[] {
  const shift = shiftOf(path);
  return [...path.getAttribute("d")!.matchAll(/[ML]([-\d.]+),([-\d.]+)/g)].map(([, x, y]) => ({
    x: Number(x) + shift.x,
    y: Number(y) + shift.y,
  }));
}

/** Width and height in the SVG's own units. */
export function sizeOf(root: Element): { readonly width: number; readonly height: number } {
  const [, , width, height] = root.getAttribute("viewBox")!.split(" ").map(Number);
  return { width: width!, height: height! };
}
