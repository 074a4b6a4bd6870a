import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { sampleSentences } from "../../src/search/sampling.ts";
import { allSentences, logSoftmax, randomTable, rescore, type Table, toyStepper, toyTask } from "./toy-stepper.ts";

/** The words' weights left by top-k and then top-p, by the definitions: sorted, cut, and added up. */
function restricted(weights: readonly number[], topK: number, topP: number): readonly number[] {
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b).slice(0, topK);
  const total = order.reduce((sum, word) => sum + weights[word]!, 0);
  const before = (place: number) => order.slice(0, place).reduce((sum, word) => sum + weights[word]!, 0);
  const kept = new Set(order.filter((_, place) => before(place) < topP * total));
  return weights.map((weight, word) => (kept.has(word) ? weight : 0));
}

/** Probability of a sentence when each word is drawn at a temperature from those allowed. */
function sampledProbability(
  table: Table,
  task: ReturnType<typeof toyTask>,
  tokens: readonly number[],
  { temperature = 1, topK = task.words, topP = 1 },
) {
  let probability = 1;
  for (const [i, token] of tokens.entries()) {
    const weights = table("a", tokens.slice(0, i)).map((value, word) =>
      task.never.includes(word) ? 0 : Math.exp(value / temperature),
    );
    const allowed = restricted(weights, topK, topP);
    probability *= allowed[token]! / allowed.reduce((sum, value) => sum + value, 0);
  }
  return probability;
}

function streamOf(image: string) {
  return seededRandom(7, image);
}

/** The upper 0.1 % point of chi-square (Wilson and Hilferty 1931). */
function chiSquareLimit(freedom: number): number {
  return freedom * (1 - 2 / (9 * freedom) + 3.0902 * Math.sqrt(2 / (9 * freedom))) ** 3;
}

describe("sampling", () => {
  it.each([
    { temperature: 0.5 },
    { temperature: 1 },
    { temperature: 1.7 },
    { topK: 2 },
    { topP: 0.7 },
    { temperature: 1.7, topP: 0.8 },
    { temperature: 2, topK: 2, topP: 0.9 },
  ])("draws sentences as often as the model says (%o)", async (settings) => {
    const task = toyTask(2, 3);
    const table = randomTable(task.words, 4, 0.8);
    const draws = 20_000;
    const counts = new Map<string, number>();
    const random = [seededRandom(9)];
    for (let drawn = 0; drawn < draws; drawn += 1000) {
      const [found] = await sampleSentences(toyStepper(task.words, table), task, ["a"], {
        count: 1000,
        ...settings,
        random,
      });
      for (const { words, truncated } of found!) {
        const key = `${words.join(" ")}${truncated ? " …" : ""}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const possible = [...allSentences(task)].map((words) => ({ key: words.join(" "), tokens: [...words, task.end] }));
    for (const words of allSentences({ ...task, maximumLength: 4 })) {
      if (words.length === 3) possible.push({ key: `${words.join(" ")} …`, tokens: [...words] });
    }
    /** How badly the counts fit what is expected, and how many sentences can be drawn at all. */
    const misfit = (expected: (tokens: readonly number[]) => number) => {
      let [chiSquare, total, drawable] = [0, 0, 0];
      for (const { key, tokens } of possible) {
        const probability = expected(tokens);
        const count = counts.get(key) ?? 0;
        total += probability;
        if (probability > 0) drawable++;
        if (probability > 0) chiSquare += (count - draws * probability) ** 2 / (draws * probability);
        else expect(count).toBe(0);
      }
      expect(total).toBeCloseTo(1, 6);
      return { chiSquare, limit: chiSquareLimit(drawable - 1) };
    };
    expect(possible).toHaveLength(15);
    const fit = misfit((tokens) => sampledProbability(table, task, tokens, settings));
    expect(fit.chiSquare).toBeLessThan(fit.limit);
    // The same counts do not fit another temperature: the test can tell.
    const temperature = 1.3 * (settings.temperature ?? 1);
    const other = misfit((tokens) => sampledProbability(table, task, tokens, { topK: settings.topK, temperature }));
    expect(other.chiSquare).toBeGreaterThan(other.limit);
  });

  it.each([{ topK: 1 }, { topP: 1e-9 }])(
    "draws the likeliest word alone, of equal ones the lower id (%o)",
    async (settings) => {
      const task = toyTask(3, 4);
      const stepper = toyStepper(task.words, () => logSoftmax([9, 9, 1, 9, 0, 2, 2]));
      const [found] = await sampleSentences(stepper, task, ["a"], {
        count: 20,
        random: [seededRandom(3)],
        ...settings,
      });
      for (const { words } of found!) expect(words).toEqual([5, 5, 5, 5]);
    },
  );

  it("draws from all words with a k or a p that leave nothing out, the same ones", async () => {
    const task = toyTask(6, 6);
    const stepper = toyStepper(task.words, randomTable(task.words, 2, 1));
    const sample = (options: object) =>
      sampleSentences(stepper, task, ["a"], { count: 5, random: [seededRandom(1)], ...options });
    expect(await sample({ topK: task.words, topP: 1 })).toEqual(await sample({}));
    expect(await sample({ topK: 10_000 })).toEqual(await sample({}));
  });

  it("reports the model's own log-probabilities, whatever the temperature, best score first", async () => {
    const task = toyTask(6, 6);
    const table = randomTable(task.words, 2, 1);
    const options = { count: 20, temperature: 1.5, random: [seededRandom(1)] };
    const [found] = await sampleSentences(toyStepper(task.words, table), task, ["a"], options);
    expect(found).toHaveLength(20);
    for (const [i, { words, truncated, wordLogProbabilities, logProbability, score }] of found!.entries()) {
      const tokens = truncated ? words : [...words, task.end];
      expect(wordLogProbabilities).toEqual(rescore(table, "a", tokens));
      expect(logProbability).toBe(wordLogProbabilities.reduce((sum, value) => sum + value, 0));
      expect(score).toBeCloseTo(logProbability / tokens.length ** 0.7, 12);
      if (i > 0) expect(score).toBeLessThanOrEqual(found![i - 1]!.score);
    }
    expect(new Set(found!.map(({ truncated }) => truncated))).toEqual(new Set([true, false]));
  });

  it("gives the same sentences for the same seed and others for another", async () => {
    const task = toyTask(6, 6);
    const stepper = toyStepper(task.words, randomTable(task.words, 2, 1));
    const sample = (seed: number) => sampleSentences(stepper, task, ["a"], { count: 5, random: [seededRandom(seed)] });
    expect(await sample(1)).toEqual(await sample(1));
    expect(await sample(1)).not.toEqual(await sample(2));
  });

  it("gives an image the same sentences alone and in a batch", async () => {
    const task = toyTask(6, 6);
    const stepper = toyStepper(task.words, randomTable(task.words, 2, 1));
    const images = ["a", "b", "c"];
    const batch = await sampleSentences(stepper, task, images, { count: 4, random: images.map(streamOf) });
    for (const [i, image] of images.entries()) {
      const [alone] = await sampleSentences(stepper, task, [image], { count: 4, random: [streamOf(image)] });
      expect(batch[i]).toEqual(alone);
    }
  });

  it("never draws padding, start, unknown or a column beyond the vocabulary, however likely", async () => {
    const task = toyTask(3, 6);
    const stepper = toyStepper(task.words, () => logSoftmax([30, 30, 0, 30, 0, 0, 0]));
    const [found] = await sampleSentences(stepper, task, ["a"], { count: 200, random: [seededRandom(3)] });
    for (const { words } of found!) expect(words.every((word) => word >= 4 && word < task.words)).toBe(true);
  });

  it("comes to the likeliest words as the temperature falls", async () => {
    const task = toyTask(3, 4);
    const stepper = toyStepper(task.words, () => logSoftmax([0, 0, 1, 0, 1.1, 1.2, 1]));
    const options = { count: 50, temperature: 1e-6, random: [seededRandom(3)] };
    const [found] = await sampleSentences(stepper, task, ["a"], options);
    for (const { words } of found!) expect(words).toEqual([5, 5, 5, 5]);
  });

  it("refuses a temperature, count or set of streams that cannot be, and a model that gives no number", async () => {
    const task = toyTask(3, 4);
    const stepper = toyStepper(task.words, randomTable(task.words, 1));
    const sample = (options: object) =>
      sampleSentences(stepper, task, ["a"], { random: [seededRandom(1)], ...options });
    await expect(sample({ temperature: 0 })).rejects.toMatchObject({ code: "ARGUMENT", message: /^temperature is 0/ });
    await expect(sample({ temperature: Infinity })).rejects.toMatchObject({ code: "ARGUMENT" });
    for (const topK of [0, 1.5]) {
      await expect(sample({ topK })).rejects.toMatchObject({ code: "ARGUMENT", message: /^topK is/ });
    }
    for (const topP of [0, 1.1, Number.NaN]) {
      await expect(sample({ topP })).rejects.toMatchObject({ code: "ARGUMENT", message: /^topP is/ });
    }
    await expect(sample({ count: 0 })).rejects.toMatchObject({ code: "ARGUMENT", message: /^count is 0/ });
    await expect(sample({ random: [] })).rejects.toMatchObject({ code: "ARGUMENT", message: /image 0/ });
    const broken = toyStepper(task.words, () => Array.from({ length: task.words }, () => Number.NaN));
    await expect(sampleSentences(broken, task, ["a"], { random: [seededRandom(1)] })).rejects.toMatchObject({
      code: "ENGINE",
    });
  });

  it("can be cancelled between two steps", async () => {
    const task = toyTask(6, 8);
    const toy = toyStepper(task.words, () => logSoftmax([0, 0, -30, 0, 0, 0, 0, 0, 0, 0]));
    const signal = {
      get aborted() {
        return toy.steps === 3;
      },
    };
    await expect(sampleSentences(toy, task, ["a"], { random: [seededRandom(1)], signal })).rejects.toMatchObject({
      code: "CANCELLED",
    });
    expect(toy.steps).toBe(3);
  });
});
