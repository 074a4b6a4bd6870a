// Numbers for pairs of whole numbers, in a hash table of integers: what n-grams and phrases are chained with. Knows no word.

/** A growing table; numbers count from 1. */
export interface PairTable {
  /** How many pairs it holds. */
  readonly size: () => number;
  /** The number of a pair, which is added if it is new. */
  readonly add: (first: number, second: number) => number;
  /** The number of a pair, or 0. */
  readonly find: (first: number, second: number) => number;
  /** Forgets all pairs and keeps the room. */
  readonly clear: () => void;
}

/** An empty table (open addressing, at most half full) with room for half as many pairs as `slots`, a power of two. */
export function createPairTable(slots = 512): PairTable {
  let firsts = new Int32Array(slots);
  let seconds = new Int32Array(slots);
  let numbers = new Int32Array(slots); // 0 where a slot is free
  let size = 0;

  /** Where the pair stands, or the free slot where it belongs. */
  function slotOf(first: number, second: number): number {
    const mask = numbers.length - 1;
    const hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 1, 0x85ebca6b);
    let slot = (hash ^ (hash >>> 15)) & mask;
    while (numbers[slot] !== 0 && (firsts[slot] !== first || seconds[slot] !== second)) slot = (slot + 1) & mask;
    return slot;
  }

  function put(slot: number, first: number, second: number, number: number): void {
    firsts[slot] = first;
    seconds[slot] = second;
    numbers[slot] = number;
  }

  function grow(): void {
    const [oldFirsts, oldSeconds, oldNumbers] = [firsts, seconds, numbers];
    firsts = new Int32Array(oldNumbers.length * 2);
    seconds = new Int32Array(oldNumbers.length * 2);
    numbers = new Int32Array(oldNumbers.length * 2);
    for (let slot = 0; slot < oldNumbers.length; slot++) {
      const number = oldNumbers[slot] as number;
      if (number === 0) continue;
      const [first, second] = [oldFirsts[slot] as number, oldSeconds[slot] as number];
      put(slotOf(first, second), first, second, number);
    }
  }

  return {
    size: () => size,
    add: (first, second) => {
      let slot = slotOf(first, second);
      const known = numbers[slot] as number;
      if (known !== 0) return known;
      size++;
      if (size * 2 > numbers.length) {
        grow();
        slot = slotOf(first, second);
      }
      put(slot, first, second, size);
      return size;
    },
    find: (first, second) => numbers[slotOf(first, second)] as number,
    clear: () => {
      numbers.fill(0);
      size = 0;
    },
  };
}
