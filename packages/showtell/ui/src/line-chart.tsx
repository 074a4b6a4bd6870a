// Lines over epochs, as SVG that takes the page's colours. Knows nothing of what is drawn; scales and paths are a library's.
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import type { JSX } from "preact";

/** A line. */
export interface ChartLine {
  readonly name: string;
  /** The stylesheet's number of its colour, from 0. */
  readonly colour: number;
  readonly dashed?: boolean;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const size = { width: 420, height: 230 };
const margin = { top: 10, right: 14, bottom: 26, left: 44 };

/** How few epochs the axis shows, so that a run that has begun does not fill it. */
const fewest = 4;

interface Ranges {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

function rangesOf(lines: readonly ChartLine[]): Ranges {
  const points = lines.flatMap((own) => own.points);
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return { x: [1, Math.max(fewest, ...xs)], y: [low - room, high + room] };
}

/** The chart. What it shows is also told in words, for those who don't see it. */
export function LineChart({
  title,
  unit,
  lines,
  format = (value) => value.toPrecision(3),
}: {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly ChartLine[];
  readonly format?: (value: number) => string;
}): JSX.Element | null {
  const shown = lines.filter(({ points }) => points.length > 0);
  if (shown.length === 0) return null;
  const ranges = rangesOf(shown);
  const x = scaleLinear(ranges.x, [margin.left, size.width - margin.right]);
  const y = scaleLinear(ranges.y, [size.height - margin.bottom, margin.top]);
  const path = line<{ readonly x: number; readonly y: number }>(
    (point) => x(point.x),
    (point) => y(point.y),
  );
  const newest = shown.map(({ name, points }) => `${name} ${format(points.at(-1)!.y)}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        {title} <span class="hint">{unit}</span>
      </figcaption>
      <svg viewBox={`0 0 ${size.width} ${size.height}`} role="img" aria-label={`${title} by epoch; now: ${newest}`}>
        {y.ticks(5).map((tick) => (
          <g key={tick}>
            <line class="chart-grid" x1={margin.left} x2={size.width - margin.right} y1={y(tick)} y2={y(tick)} />
            <text class="chart-tick" x={margin.left - 8} y={y(tick)} text-anchor="end" dominant-baseline="middle">
              {format(tick)}
            </text>
          </g>
        ))}
        {x
          .ticks(6)
          .filter(Number.isInteger)
          .map((tick) => (
            <text key={tick} class="chart-tick" x={x(tick)} y={size.height - 8} text-anchor="middle">
              {tick}
            </text>
          ))}
        {shown.map(({ name, colour, dashed, points }) => (
          <g key={name} class={`chart-line chart-colour-${colour}`}>
            <path d={path(points) ?? ""} stroke-dasharray={dashed ? "5 4" : undefined} />
            <circle cx={x(points.at(-1)!.x)} cy={y(points.at(-1)!.y)} r="3.5" />
          </g>
        ))}
      </svg>
      <ul class="chart-legend">
        {shown.map(({ name, colour, dashed, points }) => (
          <li key={name} class={`chart-colour-${colour}`}>
            <svg viewBox="0 0 22 8" aria-hidden="true">
              <path d="M1 4h20" stroke-dasharray={dashed ? "5 4" : undefined} />
            </svg>
            {name} <strong>{format(points.at(-1)!.y)}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}
