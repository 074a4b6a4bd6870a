// Which parts of a picture a caption rests on: each is hidden in turn, and the caption's words are weighed again (Zeiler and Fergus
// 2014). Works with every model, since it looks at what goes in and comes out only. Knows no engine and no platform.
import { ShowtellError } from "../base/errors.ts";
import type { Region } from "../image/region.ts";
import type { ListenedSignal } from "../thread/requests.ts";

/** What is asked: log-probabilities of each token, and last of the end, for a picture with each of the regions hidden. */
export interface Weigher<Image> {
  weigh(
    image: Image,
    tokens: readonly string[],
    options: { readonly hidden: readonly (Region | undefined)[]; readonly signal?: ListenedSignal },
  ): Promise<readonly (readonly number[])[]>;
}

/** Settings of {@link occlude}. */
export interface OcclusionOptions {
  /** Parts on a side; default 7, as many as the encoders' grid has. */
  readonly side?: number;
  readonly signal?: ListenedSignal;
  /** Told how many parts are done. */
  readonly onProgress?: (done: number, all: number) => void;
}

/** What hiding showed. */
export interface Occlusion {
  /** Parts on a side. */
  readonly side: number;
  readonly tokens: readonly string[];
  /**
   * For each token, and last for the end: by how much its log-probability falls when a part is hidden, [side × side] by rows from
   * the top. Negative where the token becomes more probable.
   */
  readonly drops: readonly (readonly number[])[];
}

/** Beyond its own cell, a part covers this much of a cell on every side: objects rarely end where cells do. */
const overlap = 0.5;

function partOf(row: number, column: number, side: number): Region {
  const at = (place: number): number => Math.min(1, Math.max(0, place / side));
  return {
    left: at(column - overlap),
    top: at(row - overlap),
    right: at(column + 1 + overlap),
    bottom: at(row + 1 + overlap),
  };
}

/**
 * Hides each part of a picture in turn and weighs a caption's tokens again. Takes as long as captioning `side`² pictures.
 * @throws ShowtellError `ARGUMENT`, `CANCELLED`, and what weighing throws.
 */
export async function occlude<Image>(
  captioner: Weigher<Image>,
  image: Image,
  tokens: readonly string[],
  { side = 7, signal, onProgress }: OcclusionOptions = {},
): Promise<Occlusion> {
  if (!Number.isInteger(side) || side < 1 || side > 28) {
    throw new ShowtellError("ARGUMENT", `the parts on a side are a whole number from 1 to 28, not ${side}`);
  }
  const places = Array.from({ length: side }, (_, place) => place);
  const options = signal === undefined ? {} : { signal };
  const [whole] = await captioner.weigh(image, tokens, { hidden: [undefined], ...options });
  const drops = whole!.map((): number[] => []);
  for (const row of places) {
    const hidden = places.map((column) => partOf(row, column, side));
    const weights = await captioner.weigh(image, tokens, { hidden, ...options });
    for (const [token, own] of drops.entries()) own.push(...weights.map((weight) => whole![token]! - weight[token]!));
    onProgress?.((row + 1) * side, side * side);
  }
  return { side, tokens, drops };
}
