import type { Element } from "@xmldom/xmldom";
import { describe, expect, it, vi } from "vitest";
import { linePanels, type Panel } from "../../src/plot/panels.ts";
import { corners, elements, parseSvg, shiftOf, sizeOf, texts } from "./svg.ts";

function points(values: readonly number[]) {
  return values.map((value, i) => ({ epoch: i + 1, value }));
}

function panel(title: string, series: Record<string, readonly number[]>, more: Partial<Panel> = {}): Panel {
  const named = Object.entries(series).map(([name, values]) => ({ name, points: points(values) }));
  return { title, unit: "units", series: named, ...more };
}

/** The lines of all panels, panel by panel, each in the order of its series. */
function lines(root: Element): Element[] {
  return elements(root, "path").filter((path) => path.getAttribute("aria-roledescription") === "line mark");
}

function dots(root: Element): Element[] {
  return elements(root, "path").filter((path) => path.getAttribute("aria-roledescription") === "point");
}

function rises(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!);
}

describe("line panels", () => {
  it("draw each series as a line whose places follow its numbers", async () => {
    const values = [4, 3.5, 3.25, 3, 2.5];
    const root = parseSvg(await linePanels([panel("Loss", { train: values, dev: [4.5, 4, 3.9, 3.8, 3.85] })]));
    const [train, dev] = lines(root).map(corners);
    expect(train).toHaveLength(5);
    expect(dev).toHaveLength(5);
    // One scale: equal steps to the right, and downwards in proportion to the numbers.
    const [first, last] = [train![0]!, train![4]!];
    for (const [i, { x, y }] of train!.entries()) {
      expect(x).toBeCloseTo(first.x + ((last.x - first.x) * i) / 4, 1);
      expect(y).toBeCloseTo(first.y + ((last.y - first.y) * (values[i]! - 4)) / (2.5 - 4), 1);
    }
    expect(last.y).toBeGreaterThan(first.y);
    expect(rises(dev!.slice(0, 4).map(({ y }) => y))).toBe(true);
    expect(dev![4]!.y).toBeLessThan(dev![3]!.y);
  });

  it("carry title, unit, epoch axis and a legend that names each series once", async () => {
    const svg = await linePanels([
      panel("Loss", { train: [2, 1], dev: [3, 2] }, { unit: "nats per token" }),
      panel("CIDEr", { dev: [0.3, 0.4] }, { unit: "CIDEr (dev)" }),
    ]);
    const all = texts(parseSvg(svg));
    for (const text of ["Loss", "CIDEr", "nats per token", "CIDEr (dev)", "train", "dev"]) {
      expect(all.filter((each) => each === text)).toHaveLength(1);
    }
    expect(all.filter((each) => each === "epoch")).toHaveLength(2);
  });

  it("give a name the same colour everywhere, and other names other colours and other dots", async () => {
    const root = parseSvg(
      await linePanels([panel("A", { train: [2, 1], dev: [3, 2] }), panel("B", { dev: [1, 2], averaged: [2, 3] })]),
    );
    const strokes = lines(root).map((line) => line.getAttribute("stroke"));
    expect(strokes).toHaveLength(4);
    expect(strokes[1]).toBe(strokes[2]);
    expect(new Set(strokes).size).toBe(3);
    expect(new Set(dots(root).map((dot) => dot.getAttribute("d"))).size).toBe(3);
  });

  it("mark an epoch by an upright line through that epoch's points, labelled above the axes", async () => {
    const mark = { epoch: 3, label: "best: epoch 3" };
    const root = parseSvg(await linePanels([panel("Loss", { dev: [4, 3, 2, 2.5, 2.6, 2.7] }, { mark })]));
    const rule = elements(root, "line").find((line) => line.getAttribute("stroke-dasharray") !== null)!;
    const dev = corners(lines(root)[0]!);
    expect(shiftOf(rule).x).toBeCloseTo(dev[2]!.x, 1);
    expect(Number(rule.getAttribute("y2"))).toBeGreaterThan(200);
    const label = elements(root, "text").find(({ textContent }) => textContent === "best: epoch 3")!;
    expect(shiftOf(label).y).toBeLessThan(Math.min(...dev.map(({ y }) => y)));
    expect(texts(parseSvg(await linePanels([panel("Loss", { dev: [4, 3] })])))).not.toContain("best: epoch 3");
  });

  it("write shares as percent", async () => {
    const all = texts(parseSvg(await linePanels([panel("Accuracy", { dev: [0.1, 0.4] }, { format: "percent" })])));
    expect(all.some((text) => /^\d+%$/.test(text))).toBe(true);
    expect(all.every((text) => !text.startsWith("0."))).toBe(true);
  });

  it("draw one epoch as dots over one tick", async () => {
    const svg = await linePanels([panel("Loss", { train: [4], dev: [4.5] }, { mark: { epoch: 1, label: "best" } })]);
    const root = parseSvg(svg);
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(dots(root)).toHaveLength(2);
    const [train, dev] = dots(root).map(shiftOf);
    expect(train!.x).toBeCloseTo(dev!.x, 3);
    expect(train!.y).toBeGreaterThan(dev!.y);
    expect(texts(root).filter((text) => text === "1")).toHaveLength(1);
    expect(texts(root)).not.toContain("0");
    expect(texts(root)).not.toContain("2");
  });

  it("draw a hundred epochs as whole lines with few dots and ticks", async () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 1 / (i + 1));
    const root = parseSvg(await linePanels([panel("Loss", { dev: hundred })]));
    const line = corners(lines(root)[0]!);
    expect(line).toHaveLength(100);
    expect(rises(line.map(({ x }) => x))).toBe(true);
    expect(rises(line.map(({ y }) => y))).toBe(true);
    expect(dots(root).length).toBeGreaterThan(10);
    expect(dots(root).length).toBeLessThanOrEqual(25);
    expect(texts(root).filter((text) => /^\d+$/.test(text)).length).toBeLessThanOrEqual(12);
    expect(shiftOf(dots(root).at(-1)!).x).toBeCloseTo(line.at(-1)!.x, 1);
  });

  it("leave out what is no number, and stay silent about it", async () => {
    const spies = (["log", "warn", "error"] as const).map((name) => vi.spyOn(console, name));
    const svg = await linePanels([
      panel("Loss", { dev: [3, Number.NaN, 2, Infinity, 1] }),
      panel("Flat", { dev: [0, 0] }),
    ]);
    expect(corners(lines(parseSvg(svg))[0]!)).toHaveLength(3);
    expect(svg).not.toMatch(/NaN|Infinity/);
    for (const spy of spies) {
      expect(spy).not.toHaveBeenCalled();
      spy.mockRestore();
    }
  });

  it("put up to three panels in a row and more in several", async () => {
    const panels = ["A", "B", "C", "D"].map((title) => panel(title, { dev: [1, 2] }));
    const sizes = await Promise.all(
      [1, 2, 3, 4].map(async (count) => sizeOf(parseSvg(await linePanels(panels.slice(0, count))))),
    );
    const [one, two, three, four] = sizes;
    expect(two!.width).toBeGreaterThan(1.8 * one!.width);
    expect(three!.width).toBeGreaterThan(2.6 * one!.width);
    expect(three!.height).toBe(one!.height);
    expect(four!.width).toBe(two!.width);
    expect(four!.height).toBeGreaterThan(1.5 * one!.height);
  });

  it("keep what titles and names say, whatever they hold", async () => {
    const odd = `a < b & "c" – ünï`;
    const all = texts(parseSvg(await linePanels([panel(odd, { [`${odd}!`]: [1, 2] }, { unit: `${odd}?` })])));
    for (const text of [odd, `${odd}!`, `${odd}?`]) expect(all).toContain(text);
  });

  it("refuse to draw nothing, or more series than there are colours", async () => {
    await expect(linePanels([])).rejects.toMatchObject({ code: "ARGUMENT" });
    await expect(linePanels([panel("Loss", { dev: [Number.NaN] })])).rejects.toMatchObject({ code: "ARGUMENT" });
    const many = Object.fromEntries(["a", "b", "c", "d", "e", "f", "g"].map((name) => [name, [1, 2]]));
    await expect(linePanels([panel("Loss", many)])).rejects.toMatchObject({ code: "ARGUMENT", message: /7 series.*6/ });
  });
});
