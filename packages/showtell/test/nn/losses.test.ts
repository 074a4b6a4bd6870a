// Cross-entropy against a computation by hand, with smoothing, weights of any sign and a normaliser of its own; and that of labels.
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/backward.ts";
import { Graph } from "../../src/graph/graph.ts";
import { attentionPenalty, binaryCrossEntropy, crossEntropy } from "../../src/nn/losses.ts";
import { runGraph } from "../graph/run.ts";
import { expectClose, floats, integers, numbersOf, scalar } from "../tensors.ts";

const words = 5;
/** Of the targets, those of rows 0 and 2 have the largest logit. */
const logits = floats(
  [4, words],
  [
    [0.5, -1, 2, 0, 1],
    [0.3, 1.7, -0.4, 0, 1],
    [-2, 0.1, 0.7, 1.2, 3],
    [1, 2, 1.5, -1, 0],
  ].flat(),
);
const targets = [2, 0, 4, 2];

interface Given {
  readonly weights: readonly number[];
  readonly normaliser?: number;
  readonly smoothing?: number;
}

interface Result {
  readonly loss: number;
  readonly correct: number;
  readonly slopes: readonly number[];
}

async function computed({ weights, normaliser = 1, smoothing = 0 }: Given): Promise<Result> {
  const graph = new Graph();
  const input = graph.input("logits", [4, words]);
  const { loss, correct } = crossEntropy({
    logits: input,
    targets: graph.input("targets", [4], "int64"),
    weights: graph.input("weights", [4]),
    normaliser: graph.input("normaliser", []),
    words,
    smoothing,
  });
  const [slopes] = gradients(loss, [input]);
  const feeds = {
    logits,
    targets: integers(targets),
    weights: floats([4], weights),
    normaliser: scalar(normaliser),
  };
  const found = await runGraph(graph, { loss, correct, slopes: slopes! }, feeds);
  return {
    loss: numbersOf(found["loss"])[0]!,
    correct: numbersOf(found["correct"])[0]!,
    slopes: numbersOf(found["slopes"]),
  };
}

/** The same by hand, row by row: q is one-hot, smoothed; loss Σ w · Σ − q log p / normaliser; slope w · (p − q) / normaliser. */
function byHand({ weights, normaliser = 1, smoothing = 0 }: Given): Result {
  let [loss, correct] = [0, 0];
  const slopes: number[] = [];
  targets.forEach((target, row) => {
    const scores = numbersOf(logits).slice(row * words, (row + 1) * words);
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    const weight = weights[row]! / normaliser;
    scores.forEach((score, word) => {
      const p = Math.exp(score) / total;
      const q = (word === target ? 1 - smoothing : 0) + smoothing / words;
      loss -= weight * q * Math.log(p);
      slopes.push(weight * (p - q));
    });
    if (scores[target] === Math.max(...scores) && weights[row] !== 0) correct++;
  });
  return { loss, correct, slopes };
}

describe("cross-entropy", () => {
  const cases: Readonly<Record<string, Given>> = {
    "sums negative log-probabilities": { weights: [1, 1, 1, 1] },
    "divides by the normaliser, whatever the weights add up to": { weights: [1, 1, 1, 1], normaliser: 7 },
    "leaves out tokens of weight 0": { weights: [1, 0, 1, 0], normaliser: 2 },
    "takes weights of any size and sign": { weights: [0.5, -2, 0.25, 3], normaliser: 4 },
    "spreads the smoothed share evenly over all words, the target included": { weights: [1, 1, 1, 1], smoothing: 0.1 },
    "smooths, weights and normalises at once": { weights: [1, -1, 0, 0.5], normaliser: 3, smoothing: 0.3 },
  };

  it.each(Object.entries(cases))("%s", async (_, given) => {
    const [found, wanted] = [await computed(given), byHand(given)];
    expectClose([found.loss, found.correct], [wanted.loss, wanted.correct], 1e-5);
    expectClose(found.slopes, wanted.slopes, 1e-6);
  });

  it("counts the tokens whose target has the largest logit, whatever they weigh, but not those of weight 0", async () => {
    expect((await computed({ weights: [1, 2, -4, 8] })).correct).toBe(2);
    expect((await computed({ weights: [0, 2, -4, 8] })).correct).toBe(1);
  });

  it("gives no gradient at all to a token of weight 0", async () => {
    const { slopes } = await computed({ weights: [1, 0, 1, 1], smoothing: 0.1 });
    expect(slopes.slice(words, 2 * words).every((slope) => slope === 0)).toBe(true);
  });
});

describe("the penalty on attention", () => {
  // Two sentences of three tokens, the second shorter, and a row that only pads; two positions.
  const looks = [0.9, 0.1, 0.4, 0.6, 0.2, 0.8, 0.7, 0.3, 0.5, 0.5, 0.25, 0.75, 1, 0, 1, 0, 1, 0];
  const weights = [1, 1, 1, 2, 0, 0, 0, 0, 0];

  it("is the sum over sentences and positions of the squared difference of 1 and what all tokens looked there", async () => {
    const graph = new Graph();
    const attention = graph.input("attention", [9, 2]);
    const penalty = attentionPenalty({ attention, weights: graph.input("weights", [9]), places: [0, 0, 0] });
    const [slopes] = gradients(penalty, [attention]);
    const feeds = { attention: floats([9, 2], looks), weights: floats([9], weights) };
    const found = await runGraph(graph, { penalty, slopes: slopes! }, feeds);
    const seen = [1.5, 1.5, 0.7, 0.3];
    expectClose(numbersOf(found["penalty"]), [seen.reduce((sum, each) => sum + (1 - each) ** 2, 0)], 1e-5);
    const expected = [1, 1, 1, 1, 1, 1, -0.6, -1.4, ...Array.from({ length: 10 }, () => 0)];
    expectClose(numbersOf(found["slopes"]), expected, 1e-5);
  });
});

it("follows a teacher's distributions in its share, and the targets in the rest", async () => {
  const graph = new Graph();
  const input = graph.input("logits", [4, words]);
  const ids = [2, 4, 1, 0, 4, 4, 2, 3];
  const probabilities = [0.75, 0.25, 1, 0, 0.5, 0.5, 0.6, 0.4];
  const share = 0.3;
  const { loss } = crossEntropy({
    logits: input,
    targets: graph.input("targets", [4], "int64"),
    weights: graph.input("weights", [4]),
    normaliser: graph.input("normaliser", []),
    words,
    soft: { ids: graph.input("ids", [4, 2], "int64"), probabilities: graph.input("probabilities", [4, 2]), share },
  });
  const [slopes] = gradients(loss, [input]);
  const weights = [1, 2, 0.5, 0];
  const feeds = {
    logits,
    targets: integers(targets),
    weights: floats([4], weights),
    normaliser: scalar(2),
    ids: integers(ids, [4, 2]),
    probabilities: floats([4, 2], probabilities),
  };
  const found = await runGraph(graph, { loss, slopes: slopes! }, feeds);
  const all = numbersOf(logits);
  let expected = 0;
  const slope: number[] = [];
  for (const [row, weight] of weights.entries()) {
    const own = all.slice(row * words, (row + 1) * words);
    const sum = own.reduce((total, each) => total + Math.exp(each), 0);
    // What the row should say: the target, and twice named words as often.
    const wanted = Array.from({ length: words }, (_, word) => (word === targets[row] ? 1 - share : 0));
    for (const k of [0, 1]) wanted[ids[2 * row + k]!]! += share * probabilities[2 * row + k]!;
    for (const [word, logit] of own.entries()) {
      expected -= (weight / 2) * wanted[word]! * (logit - Math.log(sum));
      slope.push((weight / 2) * (Math.exp(logit) / sum - wanted[word]!));
    }
  }
  expectClose(numbersOf(found["loss"]), [expected], 1e-5);
  expectClose(numbersOf(found["slopes"]), slope, 1e-5);
});

/** Loss and slopes for logits of two rows. */
async function ofLabels(values: readonly number[], truth: readonly number[]): Promise<[number, readonly number[]]> {
  const graph = new Graph();
  const shape = [2, values.length / 2];
  const x = graph.input("x", shape);
  const loss = binaryCrossEntropy(x, graph.input("t", shape));
  const [slopes] = gradients(loss, [x]);
  const results = await runGraph(
    graph,
    { loss, slopes: slopes! },
    { x: floats(shape, values), t: floats(shape, truth) },
  );
  return [numbersOf(results["loss"])[0]!, numbersOf(results["slopes"])];
}

describe("binary cross-entropy", () => {
  const values = [0.7, -1.3, 0, 2.1, -0.2, 0];
  const truth = [1, 0, 0, 0, 1, 1];

  it("is the mean over rows of the labels' negative log-likelihoods", async () => {
    const [loss] = await ofLabels(values, truth);
    const each = values.map((x, i) => -Math.log(1 / (1 + Math.exp(truth[i] === 1 ? -x : x))));
    expectClose([loss], [each.reduce((sum, one) => sum + one, 0) / 2]);
  });

  it("has gradients that are its slopes, at 0 too", async () => {
    const [, slopes] = await ofLabels(values, truth);
    const step = 1e-2;
    for (const [i, value] of values.entries()) {
      const [above] = await ofLabels(values.with(i, value + step), truth);
      const [below] = await ofLabels(values.with(i, value - step), truth);
      expectClose([slopes[i]!], [(above - below) / (2 * step)], 1e-4);
    }
  });

  it("stays finite where a logit is huge", async () => {
    const [loss, slopes] = await ofLabels([1000, -1000, 1000, -1000], [1, 0, 0, 1]);
    expect(loss).toBe(1000);
    expectClose(slopes, [0, 0, 0.5, -0.5]);
  });
});
