// What is remembered of neighbours' captions, held against counts by hand.
import { describe, expect, test } from "vitest";
import { neighbourWords } from "../../src/caption/neighbour-words.ts";
import { createVocabulary, endId, unknownId } from "../../src/text/vocabulary.ts";

const vocabulary = createVocabulary(["a", "dog", "cat", "runs", "sits"]);
const idOf = (word: string): number => vocabulary.ids.get(word)!;
const idsOf = (text: string): number[] => text.split(" ").map(idOf);
const saying = (similarity: number, ...captions: readonly string[]) => ({
  similarity,
  captions: captions.map((caption) => caption.split(" ")),
});
const valuesOf = (probabilities: ReadonlyMap<number, number>, words: readonly string[]): (number | undefined)[] =>
  words.map((word) => probabilities.get(idOf(word)));

describe("a memory of neighbours' captions", () => {
  const memory = neighbourWords([saying(0.8, "a dog runs", "a cat sits")], vocabulary);

  test("counts what followed up to three words, each beginning's counts with one of what followed fewer words", () => {
    // Eight words and ends: a, a, dog, cat, runs, sits, end, end.
    const anywhere = { dog: 1 / 8, cat: 1 / 8, runs: 1 / 8, end: 2 / 8 };
    // "a" came twice, with dog once; "<start> a" is that again.
    const afterA = { dog: (1 + anywhere.dog) / 3, runs: anywhere.runs / 3, end: anywhere.end / 3 };
    const atStart = { dog: (1 + afterA.dog) / 3, runs: afterA.runs / 3, end: afterA.end / 3 };
    const afterStartA = memory.foretell(idsOf("a"));
    expect(afterStartA.get(idOf("dog"))).toBeCloseTo(atStart.dog, 12);
    expect(afterStartA.get(idOf("runs"))).toBeCloseTo(atStart.runs, 12);
    expect(afterStartA.get(endId)).toBeCloseTo(atStart.end, 12);
    // "a dog runs" was followed by the end alone, as were "dog runs" and "runs".
    const afterRuns = [1, 2, 3].reduce((fewer) => (1 + fewer) / 2, anywhere.end);
    expect(memory.foretell(idsOf("a dog runs")).get(endId)).toBeCloseTo(afterRuns, 12);
  });

  test("goes by as many of the last words as were said like that", () => {
    // Nobody said "cat runs": what followed "runs" counts.
    expect([...memory.foretell(idsOf("a cat runs"))]).toEqual([...memory.foretell(idsOf("sits cat runs"))]);
    expect(memory.foretell(idsOf("a cat runs")).get(endId)).toBeCloseTo((1 + 2 / 8) / 2, 12);
    // Nobody said anything after an end.
    expect(memory.foretell([endId, endId, endId]).get(endId)).toBeCloseTo(2 / 8, 12);
  });

  test("is whole after any words", () => {
    for (const said of [[], idsOf("a"), idsOf("a dog"), idsOf("dog dog dog"), [endId]]) {
      const sum = [...memory.foretell(said).values()].reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(1, 12);
    }
  });

  test("counts the captions of a picture that is less similar by 0.04 one e-th", () => {
    const two = neighbourWords([saying(0.76, "a cat"), saying(0.8, "a dog")], vocabulary);
    const [dog, cat] = valuesOf(two.foretell(idsOf("dog a")), ["dog", "cat"]);
    expect(cat! / dog!).toBeCloseTo(1 / Math.E, 12);
  });

  test("has an unknown word's share said by nobody, and nothing of pictures without captions", () => {
    const odd = neighbourWords([saying(0.8, "a zebra", "a dog")], vocabulary);
    expect(odd.foretell(idsOf("a")).get(unknownId)).toBeCloseTo(odd.foretell(idsOf("a")).get(idOf("dog"))!, 12);
    expect(neighbourWords([saying(0.8)], vocabulary).foretell([]).size).toBe(0);
  });
});
