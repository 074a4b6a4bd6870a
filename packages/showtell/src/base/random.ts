// A seeded random generator whose state can be saved: xoshiro128** (Blackman and Vigna 2018), seeded through splitmix32.

/** The four words of a generator's state; plain data, so that a checkpoint can hold it. */
export type RandomState = readonly [number, number, number, number];

/** A stream of random numbers; the same seed gives the same stream on every machine. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(state: RandomState) {
    [this.#a, this.#b, this.#c, this.#d] = state;
  }

  /** The state after what was drawn so far. */
  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** A whole number in 0 … 2^32 − 1. */
  uint32(): number {
    const product = Math.imul(this.#b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), with 32 random bits. */
  uniform(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  /** A whole number in 0 … bound − 1 (the bias, below bound / 2^32, is ignored). */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /**
   * Fills an array with one of two values: `rare` with probability `share`, rounded to 1 / 65,536, else `usual`. One draw is good for two
   * elements. The state is in variables of its own meanwhile, which nearly halves the time.
   */
  choose(into: Float32Array, share: number, rare: number, usual: number): void {
    const threshold = Math.round(share * 65536);
    // Looked up by the sign of a difference: a branch on random bits would be guessed wrong half the time.
    const values = Float32Array.of(usual, rare);
    let [a, b, c, d] = this.state;
    for (let i = 0; i < into.length; i += 2) {
      const product = Math.imul(b, 5);
      const bits = Math.imul((product << 7) | (product >>> 25), 9);
      const shifted = b << 9;
      c ^= a;
      d ^= b;
      b ^= c;
      a ^= d;
      c ^= shifted;
      d = (d << 11) | (d >>> 21);
      into[i] = values[((bits >>> 16) - threshold) >>> 31]!;
      // Beyond the end of an odd length this writes nothing.
      into[i + 1] = values[((bits & 0xffff) - threshold) >>> 31]!;
    }
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }

  /** Standard normal (Box and Muller 1958; the second of each pair is thrown away to keep the state small). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher and Yates) and returns the same array. */
  shuffle<T extends unknown[] | Int32Array | Uint32Array>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const kept = items[i];
      items[i] = items[j]!;
      items[j] = kept!;
    }
    return items;
  }
}

/** A generator for a whole-number seed and, so that streams do not depend on each other's use, the name of what it is for. */
export function seededRandom(seed: number, purpose = ""): Random {
  let mixed = seed >>> 0;
  for (let i = 0; i < purpose.length; i++) mixed = Math.imul(mixed ^ purpose.charCodeAt(i), 0x01000193) >>> 0;
  const next = (): number => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let word = mixed;
    word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
  return new Random([next(), next(), next(), next() | 1]);
}
