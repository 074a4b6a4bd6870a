// A made-up training set of Flickr8k's size and shape, so that the benches need no data: 30,000 captions of 6,000 pictures.
const dist = "../../packages/showtell/dist";
const { encodeFloat16 } = await import(`${dist}/base/float16.js`);
const { seededRandom } = await import(`${dist}/base/random.js`);
const { paddedWords } = await import(`${dist}/nn/vocabulary-layer.js`);
const { makeBatches, planBatches } = await import(`${dist}/train/batches.js`);
const { defaultTrainingOptions } = await import(`${dist}/train/options.js`);

/** How many of 30,000 captions have 2, 3, … words: the mean is 10.8, as in Flickr8k. */
const captionsOfLength = [
  15, 126, 346, 862, 1958, 2537, 2926, 3320, 3318, 3131, 2779, 2318, 1849, 1329, 977, 662, 513, 367, 204, 136, 110, 74,
  52, 33, 20, 11, 7, 9, 4, 3, 1, 2, 0, 0, 1,
];

const pictures = 6000;
const featureSize = 2048;

/** Lengths that are compiled, as many as the trainer takes. */
const lengths = 6;

/** The decoder of the comparison: Show and Tell with hidden size 512 and embedding 300. */
export const spec = {
  kind: "show-and-tell",
  features: [featureSize],
  words: 2539,
  embeddingSize: 300,
  vectorSize: 300,
  vectors: "random",
  hiddenSize: 512,
  dropout: { features: 0.1, input: 0.3, output: 0.5 },
};

export const options = { ...defaultTrainingOptions, batchSize: 256, labelSmoothing: 0, weightDecay: 0, clipNorm: 5 };

/** The size of the output layer with its padding. */
export const columns = paddedWords(spec.words);

/** Captions of ids; frequent words are as frequent as in English: the first n of all ranks have a share of about log n / log N. */
export function makeExamples() {
  const random = seededRandom(1, "bench captions");
  const firstWord = 4;
  const ranks = spec.words - firstWord;
  const word = () => firstWord + Math.floor(ranks ** random.uniform()) - 1;
  const examples = [];
  for (const [i, count] of captionsOfLength.entries()) {
    for (let j = 0; j < count; j++) {
      examples.push({ picture: random.below(pictures), words: Array.from({ length: i + 2 }, word) });
    }
  }
  return examples;
}

/** Batches of an epoch as the trainer makes and shuffles them: `count` of them, evenly spread. The same at every call. */
export function makeSteps(count) {
  const examples = makeExamples();
  const plan = planBatches(examples, { rows: options.batchSize, group: 1 }, options.maximumWords, lengths);
  const epoch = makeBatches(examples, plan, seededRandom(1, "bench order"));
  const taken = Math.min(count, epoch.length);
  return Array.from({ length: taken }, (_, i) => epoch[Math.floor((i * epoch.length) / taken)]());
}

/** Features of all pictures as float16 bits, [pictures, size]: not negative, as those of a network that ends in a ReLU. */
export function makeFeatures() {
  const random = seededRandom(1, "bench features");
  return encodeFloat16(Float32Array.from({ length: pictures * featureSize }, () => random.uniform() ** 2 * 2));
}

/** A reader over features in memory. */
export function memoryReader(features) {
  return {
    size: featureSize,
    async read(rows, into) {
      rows.forEach((row, i) =>
        into.set(features.subarray(row * featureSize, (row + 1) * featureSize), i * featureSize),
      );
    },
  };
}
