// A decoder that learns: the same bits from the same seed, across interruptions and shapes; what is frozen stays; padding counts nothing.
import { describe, expect, it } from "vitest";
import { toFloat16Bits } from "../../src/base/float16.ts";
import { seededRandom } from "../../src/base/random.ts";
import { tensor } from "../../src/base/tensor.ts";
import type { OpenSession, SessionOptions } from "../../src/engine/session.ts";
import type { ShowAndTellSpec } from "../../src/models/show-and-tell.ts";
import { sessionsWith } from "../../src/node/ort-session.ts";
import type { Batch, Example } from "../../src/train/batches.ts";
import { makeBatches, planBatches } from "../../src/train/batches.ts";
import type { BatchResult, FeatureReader, Learner, LearnerState } from "../../src/train/learner.ts";
import { createLearner, initialState } from "../../src/train/learner.ts";
import type { TrainingOptions } from "../../src/train/options.ts";
import { defaultTrainingOptions } from "../../src/train/options.ts";
import { expectClose, numbersOf } from "../tensors.ts";

const spec: ShowAndTellSpec = {
  kind: "show-and-tell",
  features: [8],
  words: 12,
  embeddingSize: 6,
  vectorSize: 6,
  vectors: "random",
  hiddenSize: 10,
  dropout: { features: 0.1, input: 0.3, output: 0.3 },
};
const options: TrainingOptions = { ...defaultTrainingOptions, batchSize: 4, labelSmoothing: 0.1, weightDecay: 0.01 };

const pictures = 6;
const random = seededRandom(9);
const features = Uint16Array.from({ length: pictures * 8 }, () => toFloat16Bits(random.normal()));
const reader: FeatureReader = {
  size: 8,
  async read(rows, into) {
    rows.forEach((row, i) => into.set(features.subarray(8 * row, 8 * (row + 1)), 8 * i));
  },
};
const examples: readonly Example[] = Array.from({ length: 14 }, (_, i) => ({
  picture: i % pictures,
  words: Array.from({ length: 1 + (i % 4) }, (__, step) => 4 + ((3 * i + step) % 8)),
}));
/** Batches of two lengths in turn. */
const batches = makeBatches(examples, planBatches(examples, { rows: 4, group: 1 }, 20, 2), seededRandom(2)).map(
  (make) => make(),
);

/** A copy, which no further step changes. */
function copyOf(state: LearnerState): LearnerState {
  return Object.fromEntries(
    Object.entries(state).map(([name, { shape, data }]) => [name, tensor("float32", shape, data.slice())]),
  );
}

const openSingle = sessionsWith(1);

async function withLearner<T>(
  first: LearnerState,
  use: (learner: Learner) => Promise<T>,
  given: { readonly spec?: ShowAndTellSpec; readonly options?: Partial<TrainingOptions> } = {},
): Promise<T> {
  const learner = createLearner(given.spec ?? spec, { ...options, ...given.options }, first, openSingle);
  try {
    return await use(learner);
  } finally {
    await learner.dispose();
  }
}

/** Steps `from` … `to` of the run, counted from 1. */
async function learnSteps(learner: Learner, from: number, to: number): Promise<readonly BatchResult[]> {
  const results: BatchResult[] = [];
  for (let step = from; step <= to; step++) {
    results.push(await learner.learn(batches[step % batches.length]!, reader, step, 0.01));
  }
  return results;
}

/** Learns steps `from` … 20 and keeps what came out. */
function learntFrom(from: number): (learner: Learner) => Promise<LearnerState> {
  return async (learner) => {
    await learnSteps(learner, from, 20);
    return copyOf(learner.state());
  };
}

function finalState(seed: number): Promise<LearnerState> {
  return withLearner(initialState(spec, seed), learntFrom(1), { options: { seed } });
}

/** Loss of the first step, from the same weights, with the masks of a run's seed. */
function firstLoss(seed: number): Promise<number> {
  return withLearner(
    initialState(spec, 1),
    async (learner) => {
      const [result] = await learnSteps(learner, 1, 1);
      return result!.loss;
    },
    { options: { seed } },
  );
}

/** The first moments after one step on a batch, which are in proportion to its gradients. */
function momentsAfter(batch: Batch): Promise<Record<string, number[]>> {
  return withLearner(initialState(spec, 1), async (learner) => {
    await learner.learn(batch, reader, 1, 0.01);
    const moments = Object.entries(learner.state()).filter(([name]) => name.startsWith("adam.first."));
    return Object.fromEntries(moments.map(([name, value]) => [name, numbersOf(value)]));
  });
}

describe("twenty steps", () => {
  it("end in the same bits from the same seed, and in others from another", async () => {
    const [one, again, other] = [await finalState(1), await finalState(1), await finalState(2)];
    expect(again).toEqual(one);
    for (const name of Object.keys(one)) expect(other[name], name).not.toEqual(one[name]);
  });

  it("end in the same bits in place, as they are opened, as with arrays made for each result", async () => {
    const opened: (SessionOptions | undefined)[] = [];
    // Runs into arrays of its own, and copies them when all is done, so that nothing is read after it was written over.
    const notInPlace: OpenSession = async (model, asked) => {
      opened.push(asked);
      const session = await openSingle(model);
      return {
        inputNames: session.inputNames,
        outputNames: session.outputNames,
        async run(feeds, into = {}) {
          const results = await session.run(feeds);
          for (const [name, { data }] of Object.entries(into))
            (data as Float32Array).set(results[name]!.data as Float32Array);
          return { ...results, ...into };
        },
        dispose: () => session.dispose(),
      };
    };
    const learner = createLearner(spec, options, initialState(spec, 1), notInPlace);
    const results = await learnSteps(learner, 1, 20);
    expect(new Set(opened.map((asked) => asked?.inPlace))).toEqual(new Set([true]));
    await withLearner(initialState(spec, 1), async (other) => {
      expect(await learnSteps(other, 1, 20)).toEqual(results);
      expect(other.state()).toEqual(learner.state());
    });
    await learner.dispose();
  });

  it("have batches of several shapes", () => {
    expect(new Set(batches.map(({ lengths }) => lengths[0])).size).toBeGreaterThan(1);
  });

  it("end in the same bits if they are broken off and gone on with from a copy of the state", async () => {
    const unbroken = await finalState(1);
    for (const broken of [7, 10]) {
      const kept = await withLearner(initialState(spec, 1), async (learner) => {
        await learnSteps(learner, 1, broken);
        return copyOf(learner.state());
      });
      expect(await withLearner(kept, learntFrom(broken + 1))).toEqual(unbroken);
    }
  });

  it("draw other masks by the seed of the run, from the same first weights", async () => {
    expect(await firstLoss(1)).toBe(await firstLoss(1));
    expect(await firstLoss(1)).not.toBe(await firstLoss(2));
  });

  it("draw other masks at every step, and the same at the same step again", async () => {
    await withLearner(
      initialState(spec, 1),
      async (learner) => {
        // A rate of 0 leaves the weights as they are, so that only the masks differ.
        const lossAt = async (step: number): Promise<number> =>
          (await learner.learn(batches[0]!, reader, step, 0)).loss;
        const [first, second, again] = [await lossAt(1), await lossAt(2), await lossAt(1)];
        expect(second).not.toBe(first);
        expect(again).toBe(first);
      },
      { options: { weightDecay: 0 } },
    );
  });

  it("lower the loss", async () => {
    await withLearner(initialState(spec, 1), async (learner) => {
      const [before, , after] = [
        await learner.score(batches[0]!, reader),
        await learnSteps(learner, 1, 60),
        await learner.score(batches[0]!, reader),
      ];
      expect(after.loss).toBeLessThan(0.8 * before.loss);
      expect(after.correct).toBeGreaterThan(before.correct);
    });
  });

  it("never change what is frozen, nor keep moments for it", async () => {
    const frozen: ShowAndTellSpec = { ...spec, vectors: "frozen" };
    const vectors = Float32Array.from({ length: 12 * 6 }, () => random.normal());
    const first = initialState(frozen, 1, vectors);
    expect(Object.keys(first).filter((name) => name.endsWith("words.vectors"))).toEqual(["words.vectors"]);
    await withLearner(
      first,
      async (learner) => {
        await learnSteps(learner, 1, 20);
        expect(learner.state()["words.vectors"]!.data).toEqual(vectors);
        expect(Object.keys(learner.state())).toEqual(Object.keys(first));
      },
      { spec: frozen },
    );
  });
});

describe("scoring", () => {
  it("changes nothing and drops nothing: it gives the same result again", async () => {
    await withLearner(initialState(spec, 1), async (learner) => {
      const before = copyOf(learner.state());
      const score = await learner.score(batches[0]!, reader);
      expect(await learner.score(batches[0]!, reader)).toEqual(score);
      expect(learner.state()).toEqual(before);
      expect(score).toMatchObject({ tokens: batches[0]!.tokens, captions: batches[0]!.captions, gradientNorm: 0 });
    });
  });

  it("gives the loss summed over tokens: that of untrained weights is near log(words) each", async () => {
    await withLearner(initialState(spec, 1), async (learner) => {
      const { loss, tokens } = await learner.score(batches[0]!, reader);
      expect(Math.abs(loss / tokens - Math.log(spec.words))).toBeLessThan(0.3);
    });
  });
});

describe("padding", () => {
  const three = examples.slice(0, 3);
  const batchOf = (rows: number, steps: number): Batch =>
    makeBatches(three, { images: rows, group: 1, maximumWords: 20, lengths: [[steps]] }).map((make) => make())[0]!;

  it("changes no loss, neither rows without a caption nor steps behind its end", async () => {
    await withLearner(initialState(spec, 1), async (learner) => {
      const exact = await learner.score(batchOf(3, 4), reader);
      for (const [rows, steps] of [
        [5, 4],
        [3, 7],
        [8, 9],
      ] as const) {
        const padded = await learner.score(batchOf(rows, steps), reader);
        expect([padded.tokens, padded.captions, padded.correct]).toEqual([exact.tokens, exact.captions, exact.correct]);
        expectClose([padded.loss], [exact.loss], 1e-6);
      }
    });
  });

  it("changes no gradient, dropout included", async () => {
    const [exact, padded] = [await momentsAfter(batchOf(3, 4)), await momentsAfter(batchOf(5, 6))];
    for (const name of Object.keys(exact)) expectClose(padded[name]!, exact[name]!, 1e-7);
    expect(
      Object.values(exact)
        .flat()
        .some((moment) => Math.abs(moment) > 1e-3),
    ).toBe(true);
  });
});

describe("the first state", () => {
  it("holds weights by their initialisation and moments of zero", () => {
    const state = initialState(spec, 1);
    expect(numbersOf(state["lstm.bias"])).toEqual(
      [10, 10, 10, 10].flatMap((size, gate) => Array<number>(size).fill(gate === 1 ? 1 : 0)),
    );
    expect(numbersOf(state["adam.second.lstm.input"]).every((moment) => moment === 0)).toBe(true);
    expect(numbersOf(state["lstm.input"]).every((weight) => weight !== 0)).toBe(true);
  });

  it("takes a copy of given word vectors", () => {
    const vectors = new Float32Array(12 * 6).fill(0.25);
    const state = initialState({ ...spec, vectors: "given" }, 1, vectors);
    vectors.fill(9);
    expect(new Set(numbersOf(state["words.vectors"]))).toEqual(new Set([0.25]));
    expect(state["adam.first.words.vectors"]).toBeDefined();
  });

  it.each(["given", "frozen"] as const)("refuses to do without vectors that are %s, or with too few", (kind) => {
    const wanting: ShowAndTellSpec = { ...spec, vectors: kind };
    const message = expect.stringContaining(
      '"words.vectors" starts from word vectors [12, 6], and none are given',
    ) as string;
    expect(() => initialState(wanting, 1)).toThrow(expect.objectContaining({ code: "ARGUMENT", message }));
    expect(() => initialState(wanting, 1, new Float32Array(71))).toThrow(expect.objectContaining({ code: "ARGUMENT" }));
  });
});
