// A map over a photo, drawn smoothly, with its legend. Knows nothing of what the map says.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { sideOf } from "./why-words.ts";

/** Pixels of a drawn map on a side; the browser stretches it over the photo. */
const drawnSide = 96;
/** Standard deviation of the bell that each cell becomes, in cells. */
const blur = 0.55;

/** Colours from little to much: dimmed, clear, glowing; the stylesheet's legend has the same. */
const ramp = [
  [8, 17, 14, 0.8],
  [8, 17, 14, 0.22],
  [255, 176, 46, 0.42],
] as const;

/** Red, green, blue and opacity at 0 … 1 of the ramp. */
function colourAt(level: number): readonly number[] {
  const at = Math.min(1, Math.max(0, level)) * (ramp.length - 1);
  const lower = Math.min(Math.floor(at), ramp.length - 2);
  return ramp[lower]!.map((from, i) => from + (at - lower) * (ramp[lower + 1]![i]! - from));
}

/** How much each cell of a row counts at each drawn pixel of a row: [drawnSide, side], each summing to 1. */
function bells(side: number): readonly (readonly number[])[] {
  return Array.from({ length: drawnSide }, (_, pixel) => {
    const at = ((pixel + 0.5) / drawnSide) * side - 0.5;
    const weights = Array.from({ length: side }, (__, cell) => Math.exp(-0.5 * ((at - cell) / blur) ** 2));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  });
}

/** Draws values [side × side] as a smooth field; `most` glows, and what is negative is as dim as 0. */
function draw(canvas: HTMLCanvasElement, map: readonly number[], most: number): void {
  const side = sideOf(map);
  // Before the bells: a peak among negative values would vanish in them.
  const values = map.map((value) => Math.max(0, value));
  const weights = bells(side);
  const context = canvas.getContext("2d")!;
  const picture = context.createImageData(drawnSide, drawnSide);
  // Along each row of cells first, then across rows: the bell is the product of both.
  const rows = Array.from({ length: side }, (_, row) =>
    weights.map((own) => own.reduce((sum, weight, column) => sum + weight * values[row * side + column]!, 0)),
  );
  const field = weights.flatMap((own) =>
    Array.from({ length: drawnSide }, (_, x) => own.reduce((sum, weight, row) => sum + weight * rows[row]![x]!, 0)),
  );
  // A bell lowers peaks; the highest is as high as it was.
  const peak = Math.max(...field);
  const height = peak === 0 ? 0 : Math.max(...values) / peak / most;
  for (const [pixel, value] of field.entries()) {
    const [red, green, blue, opacity] = colourAt(value * height);
    picture.data.set([red!, green!, blue!, 255 * opacity!], 4 * pixel);
  }
  context.putImageData(picture, 0, 0);
}

/** The photo with the map over it. */
export function HeatMap({
  title,
  url,
  values,
  most,
  ends,
}: {
  readonly title: string;
  readonly url: string;
  /** [side × side] by rows from the top. */
  readonly values: readonly number[];
  /** The value that glows. */
  readonly most: number;
  /** What little and much are called in the legend. */
  readonly ends: readonly [little: string, much: string];
}): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => draw(canvas.current!, values, most), [values, most]);
  return (
    <figure class="heat">
      <figcaption>{title}</figcaption>
      <div class="heat-photo">
        <img src={url} alt="" />
        <canvas ref={canvas} width={drawnSide} height={drawnSide} aria-hidden="true" />
      </div>
      <div class="heat-legend">
        <span>{ends[0]}</span>
        <span class="heat-ramp" aria-hidden="true" />
        <span>{ends[1]}</span>
      </div>
    </figure>
  );
}
