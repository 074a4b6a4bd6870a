// Made-up training sets of Flickr8k's size and shape, so that the benches need no data: 30,000 captions of 6,000 pictures, for each decoder
// that is compared.
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
/** Grids of all pictures are 1.2 GB: pictures share those of so many. */
const differentGrids = 600;
const channels = 2048;
const positions = 49;

/** Lengths that are compiled, as many as the trainer takes. */
const lengths = 6;

const words = { words: 2539, vectors: "random" };
const grid = { ...words, features: [positions, channels], hiddenSize: 512 };
const alike = (size, rate) => ({
  embeddingSize: size,
  vectorSize: size,
  dropout: { features: rate, input: rate, output: rate },
});

/** What is compared, by the decoder's name: its specification, the captions a batch and those of a picture that stand together. */
const compared = {
  "show-and-tell": {
    spec: {
      ...words,
      features: [channels],
      hiddenSize: 512,
      embeddingSize: 300,
      vectorSize: 300,
      dropout: { features: 0.1, input: 0.3, output: 0.5 },
    },
    rows: 256,
    group: 1,
    dropoutMasks: "sentence",
  },
  "soft-attention": {
    spec: { ...grid, ...alike(512, 0.5), attentionSize: 512 },
    rows: 100,
    group: 5,
    dropoutMasks: "token",
  },
  "parallel-attention": {
    spec: { ...grid, ...alike(512, 0.5), attentionSize: 512 },
    rows: 100,
    group: 5,
    dropoutMasks: "token",
  },
  transformer: {
    spec: { ...grid, ...alike(256, 0.3), forwardSize: 1024, layers: 2, heads: 8 },
    rows: 100,
    group: 5,
    dropoutMasks: "token",
  },
};

/** Names of the decoders that are compared. */
export const comparedDecoders = Object.keys(compared);

/** All that a bench needs of a decoder's workload; captions, batches and features are the same at every call. */
export function workloadOf(kind) {
  const { spec, rows, group, dropoutMasks } = compared[kind];
  const options = {
    ...defaultTrainingOptions,
    dropoutMasks,
    batchSize: rows,
    captionsPerPicture: group,
    labelSmoothing: 0,
    weightDecay: 0,
    clipNorm: 5,
  };
  const size = spec.features.reduce((product, dimension) => product * dimension, 1);
  const different = spec.features.length === 1 ? pictures : differentGrids;
  return {
    spec: { kind, ...spec },
    options,
    /** The size of the output layer with its padding. */
    columns: paddedWords(spec.words),
    makeExamples: () => makeExamples(spec.words, group),
    makeSteps: (count) => makeSteps(makeExamples(spec.words, group), options, count),
    /** Features as float16 bits, [different pictures, ...]: not negative, as those of a network that ends in a ReLU. */
    makeFeatures: () => {
      const random = seededRandom(1, "bench features");
      return encodeFloat16(Float32Array.from({ length: different * size }, () => random.uniform() ** 2 * 2));
    },
    /** A reader over such features in memory. */
    readerOf: (features) => ({
      size,
      async read(pictureRows, into) {
        pictureRows.forEach((row, i) => {
          const own = row % different;
          into.set(features.subarray(own * size, (own + 1) * size), i * size);
        });
      },
    }),
  };
}

/**
 * Captions of ids; frequent words are as frequent as in English: the first n of all ranks have a share of about log n / log N. Where captions
 * of a picture stand together, each picture has as many.
 */
function makeExamples(vocabulary, group) {
  const random = seededRandom(1, "bench captions");
  const firstWord = 4;
  const ranks = vocabulary - firstWord;
  const word = () => firstWord + Math.floor(ranks ** random.uniform()) - 1;
  const examples = [];
  for (const [i, count] of captionsOfLength.entries()) {
    for (let j = 0; j < count; j++) {
      examples.push({ picture: random.below(pictures), words: Array.from({ length: i + 2 }, word) });
    }
  }
  if (group === 1) return examples;
  return random.shuffle(examples).map((example, i) => ({ ...example, picture: Math.floor(i / group) }));
}

/** Batches of an epoch as the trainer makes and shuffles them: `count` of them, evenly spread. */
function makeSteps(examples, { batchSize: rows, captionsPerPicture: group, maximumWords }, count) {
  const plan = planBatches(examples, { rows, group }, maximumWords, lengths);
  const epoch = makeBatches(examples, plan, seededRandom(1, "bench order"));
  const taken = Math.min(count, epoch.length);
  return Array.from({ length: taken }, (_, i) => epoch[Math.floor((i * epoch.length) / taken)]());
}
