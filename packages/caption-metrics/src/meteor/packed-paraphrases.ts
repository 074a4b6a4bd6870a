// The paraphrase table packed into arrays: a trie of phrases over numbered words, and for each phrase those that stand for it. Made
// once, and searched as it is. Knows no file.
import { createPairTable } from "../pair-table.ts";

/**
 * Phrases as nodes, numbered breadth first from 0, the empty phrase: a node's phrase is that of its parent and one word more. Beginnings
 * of phrases are nodes too.
 */
export interface PackedParaphrases {
  /** The words, sorted by code unit, a line break between them; a word's number is its place. */
  readonly words: string;
  /** By node: the number of its phrase's last word. */
  readonly lastWords: Int32Array;
  /** By node: where its children begin, sorted by last word; they end where those of the next node begin. One more than nodes. */
  readonly firstChildren: Int32Array;
  /** By node: where its partners begin in `partners`. One more than nodes. */
  readonly firstPartners: Int32Array;
  /** Nodes of the phrases that stand for each phrase, in ascending order. */
  readonly partners: Int32Array;
}

/** Packs pairs that arrive one by one. */
export interface ParaphrasePacker {
  /** Adds `second` as a paraphrase of `first`: lower-case words, joined by one blank. The other direction is another pair. */
  add(first: string, second: string): void;
  finish(): PackedParaphrases;
}

/** An empty packer; it keeps the table's words as strings, and of everything else numbers. */
export function createParaphrasePacker(): ParaphrasePacker {
  const wordNumbers = new Map<string, number>();
  const table = createPairTable();
  // By provisional number of a phrase; 0 is the empty one.
  const parents = createIntList();
  const lastWords = createIntList();
  const pairs = createIntList(); // two provisional numbers each
  parents.push(0);
  lastWords.push(0);

  function numberOf(phrase: string): number {
    let node = 0;
    for (const word of phrase.split(" ")) {
      const known = wordNumbers.get(word);
      const last = known ?? wordNumbers.size;
      if (known === undefined) wordNumbers.set(word, last);
      const before = table.size();
      const child = table.add(node, last);
      if (child > before) {
        parents.push(node);
        lastWords.push(last);
      }
      node = child;
    }
    return node;
  }

  return {
    add(first, second) {
      pairs.push(numberOf(first));
      pairs.push(numberOf(second));
    },
    finish() {
      const words = [...wordNumbers.keys()].sort((a, b) => (a < b ? -1 : 1));
      const ranks = new Int32Array(words.length); // by provisional number of a word
      words.forEach((word, rank) => (ranks[wordNumbers.get(word) as number] = rank));
      const lasts = lastWords.values().map((word, node) => (node === 0 ? 0 : (ranks[word] as number)));
      return { words: words.join("\n"), ...arranged(parents.values(), lasts, pairs.values()) };
    },
  };
}

/** Numbers the nodes breadth first, children in the order of their words, and turns links and pairs into ranges. */
function arranged(parents: Int32Array, lasts: Int32Array, pairs: Int32Array): Omit<PackedParaphrases, "words"> {
  const count = parents.length;
  const children = grouped(count, parents.subarray(1), (at) => at + 1);
  const numbers = new Int32Array(count); // by provisional number
  const lastWords = new Int32Array(count);
  const firstChildren = new Int32Array(count + 1);
  const order = new Int32Array(count); // provisional numbers
  let seen = 1;
  for (let node = 0; node < count; node++) {
    const old = order[node] as number;
    firstChildren[node] = seen;
    const own = children.members.subarray(children.starts[old], children.starts[old + 1]);
    for (const child of own.sort((a, b) => (lasts[a] as number) - (lasts[b] as number))) {
      numbers[child] = seen;
      lastWords[seen] = lasts[child] as number;
      order[seen++] = child;
    }
  }
  firstChildren[count] = seen;

  const half = pairs.length / 2;
  const from = Int32Array.from({ length: half }, (_, at) => numbers[pairs[2 * at] as number] as number);
  const to = grouped(count, from, (at) => numbers[pairs[2 * at + 1] as number] as number);
  for (let node = 0; node < count; node++) to.members.subarray(to.starts[node], to.starts[node + 1]).sort();
  return { lastWords, firstChildren, firstPartners: to.starts, partners: to.members };
}

/** Members by group, each group's in their order: those of group g stand from `starts[g]` to `starts[g + 1]`. */
function grouped(
  groups: number,
  groupOf: Int32Array,
  memberAt: (at: number) => number,
): { readonly starts: Int32Array; readonly members: Int32Array } {
  const starts = new Int32Array(groups + 1);
  for (const group of groupOf) starts[group + 1] = (starts[group + 1] as number) + 1;
  for (let group = 0; group < groups; group++) {
    starts[group + 1] = (starts[group + 1] as number) + (starts[group] as number);
  }
  const next = starts.slice();
  const members = new Int32Array(groupOf.length);
  groupOf.forEach((group, at) => {
    members[next[group] as number] = memberAt(at);
    next[group] = (next[group] as number) + 1;
  });
  return { starts, members };
}

/** Whole numbers in one array that doubles. */
function createIntList(): { push(value: number): void; values(): Int32Array } {
  let items = new Int32Array(1024);
  let length = 0;
  return {
    push(value) {
      if (length === items.length) {
        const larger = new Int32Array(length * 2);
        larger.set(items);
        items = larger;
      }
      items[length++] = value;
    },
    values: () => items.subarray(0, length),
  };
}
