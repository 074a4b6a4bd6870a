// Sets of places in a sentence as bits, so that many are looked at in one step: which are free, and how far away they lie. Knows no match.

/** Places, ascending: a bit each, in blocks of whole numbers. */
export interface Places {
  readonly blocks: readonly number[];
  /** How many there are. */
  readonly count: number;
}

/** Bits in a block: as many as V8 keeps without a box. */
const BITS = 30;
const ALL = 2 ** BITS - 1;

/** No place at all, in a sentence of so many words. */
export function noPlaces(words: number): readonly number[] {
  return Array.from({ length: Math.ceil(words / BITS) }, () => 0);
}

/** A set of different places in a sentence of so many words. */
export function placesAt(places: readonly number[], words: number): Places {
  const blocks = Array.from({ length: Math.ceil(words / BITS) }, () => 0);
  for (const place of places) addTo(blocks, place);
  return { blocks, count: places.length };
}

/** Blocks with `length` places more, from `start` on. */
export function withPlaces(blocks: readonly number[], start: number, length: number): readonly number[] {
  const more = blocks.slice();
  for (let place = start; place < start + length; place++) addTo(more, place);
  return more;
}

function addTo(blocks: number[], place: number): void {
  const block = Math.floor(place / BITS);
  blocks[block] = (blocks[block] as number) | (1 << (place % BITS));
}

/** Of a block, the places from which on `length` words are free. */
function freeIn({ blocks }: Places, used: readonly number[], length: number, block: number): number {
  let taken = used[block] ?? 0;
  for (let shift = 1; shift < length; shift++) {
    const whole = block + Math.floor(shift / BITS);
    const rest = shift % BITS;
    taken |= ((used[whole] ?? 0) >>> rest) | ((used[whole + 1] ?? 0) << (BITS - rest));
  }
  return (blocks[block] as number) & ~taken & ALL;
}

/** The first of the places, from `from` on, where `length` words are free; Infinity if there is none. */
export function nextFree(places: Places, used: readonly number[], length: number, from: number): number {
  const first = Math.floor(from / BITS);
  for (let block = first; block < places.blocks.length; block++) {
    const free = freeIn(places, used, length, block) & (block === first ? ALL << (from % BITS) : ALL);
    if (free !== 0) return block * BITS + 31 - Math.clz32(free & -free);
  }
  return Infinity;
}

/** How far the places before `end` where `length` words are free lie from a place, all together. */
export function freeDistance(
  places: Places,
  used: readonly number[],
  length: number,
  { from, end = Infinity }: { readonly from: number; readonly end?: number },
): number {
  let sum = 0;
  for (let block = 0, base = 0; block < places.blocks.length && base < end; block++, base += BITS) {
    let free = freeIn(places, used, length, block);
    if (free === 0) continue;
    if (end < base + BITS) free &= (1 << (end - base)) - 1;
    const before = from < base ? 0 : from >= base + BITS - 1 ? free : free & ((2 << (from - base)) - 1);
    sum += nearness(before, base, from) - nearness(free ^ before, base, from);
  }
  return sum;
}

/** The sum of `from` less each place. */
function nearness(bits: number, base: number, from: number): number {
  const [low, high] = [bits & HALF, bits >>> HALF_BITS];
  const count = (COUNTS[low] as number) + (COUNTS[high] as number);
  return count * (from - base) - (SUMS[low] as number) - (SUMS[high] as number) - HALF_BITS * (COUNTS[high] as number);
}

const HALF_BITS = BITS / 2;
const HALF = 2 ** HALF_BITS - 1;
/** How many bits half a block has, and the sum of their places. */
const COUNTS = new Uint8Array(HALF + 1);
const SUMS = new Uint8Array(HALF + 1);
for (let bits = 1; bits <= HALF; bits++) {
  const highest = 31 - Math.clz32(bits);
  const rest = bits ^ (1 << highest);
  COUNTS[bits] = (COUNTS[rest] as number) + 1;
  SUMS[bits] = (SUMS[rest] as number) + highest;
}
