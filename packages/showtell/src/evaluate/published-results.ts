// What papers report on Flickr8k, as data: to stand beside own scores, each with what makes it comparable or not. Computes nothing.

/** A row of a paper's table: the test split, five references, scores × 100 as printed. */
export interface PublishedResult {
  readonly system: string;
  /** Authors and year. */
  readonly source: string;
  readonly encoder: string;
  /** How captions were searched, where the paper says. */
  readonly decoding?: string;
  readonly scores: Partial<Readonly<Record<PublishedMetric, number>>>;
  /** What keeps it from being compared with scores of the reference toolkit, if anything does. */
  readonly caveat?: string;
}

/** The metrics that papers print. */
export type PublishedMetric = "BLEU-1" | "BLEU-4" | "METEOR" | "ROUGE-L" | "CIDEr";

/** In the order of columns. */
export const publishedMetrics: readonly PublishedMetric[] = ["BLEU-1", "BLEU-4", "METEOR", "ROUGE-L", "CIDEr"];

const olderBleu = "BLEU by an older script, without brevity penalty";

/** All in the order [BLEU-1, BLEU-4, METEOR, ROUGE-L, CIDEr]; what a paper does not give is left out. */
function scores(
  bleu1: number,
  bleu4?: number,
  meteor?: number,
  rougeL?: number,
  cider?: number,
): PublishedResult["scores"] {
  return {
    "BLEU-1": bleu1,
    ...(bleu4 !== undefined && { "BLEU-4": bleu4 }),
    ...(meteor !== undefined && { METEOR: meteor }),
    ...(rougeL !== undefined && { "ROUGE-L": rougeL }),
    ...(cider !== undefined && { CIDEr: cider }),
  };
}

const tanti = { source: "Tanti et al. 2018", encoder: "VGG-16 (fc7), frozen", decoding: "beam 3" };
const katiyar = { source: "Katiyar 2021", encoder: "VGG-16", decoding: "beam 3" };
const varier = { source: "Varier 2020", decoding: "beam 4" };

/** Results on the test split of Flickr8k. Where a paper gives several variants, each is a row. */
export const publishedResults: readonly PublishedResult[] = [
  {
    system: "Google NIC (Show and Tell)",
    source: "Vinyals et al. 2015",
    encoder: "GoogLeNet",
    decoding: "beam 20, ensemble",
    scores: scores(63),
    caveat: "an ensemble; BLEU-1 only",
  },
  {
    system: "log-bilinear",
    source: "Kiros et al. 2014",
    encoder: "AlexNet class",
    scores: scores(65.6, 17.7, 17.3),
    caveat: olderBleu,
  },
  {
    system: "Show, Attend and Tell, soft attention",
    source: "Xu et al. 2015",
    encoder: "VGG-19",
    scores: scores(67, 19.5, 18.9),
    caveat: olderBleu,
  },
  {
    system: "Show, Attend and Tell, hard attention",
    source: "Xu et al. 2015",
    encoder: "VGG-19",
    scores: scores(67, 21.3, 20.3),
    caveat: olderBleu,
  },
  {
    system: "bidirectional LSTM",
    source: "Wang et al. 2016",
    encoder: "VGG-16",
    decoding: "greedy",
    scores: scores(65.5, 21.5),
    caveat: "BLEU only",
  },
  { system: "init-inject GRU", ...tanti, scores: scores(61.1, 19.1, 19.4, 44.5, 48.1) },
  { system: "par-inject", ...tanti, scores: scores(61.1, 19.1, 19.3, 44.8, 47.5) },
  { system: "merge", ...tanti, scores: scores(60, 17.8, 19.3, 44.4, 46.9) },
  { system: "pre-inject", ...tanti, scores: scores(60.9, 19, 19.1, 44.4, 46.9) },
  { system: "Show and Tell", ...katiyar, scores: scores(60.8, 19.8, 19.1, 44.7, 47.8) },
  { system: "spatial attention", ...katiyar, scores: scores(62.3, 19.5, 20, 44.9, 49.3) },
  { system: "adaptive attention", ...katiyar, scores: scores(62.4, 20.5, 19.9, 45.7, 52.4) },
  {
    system: "adaptive attention",
    source: katiyar.source,
    encoder: "ResNet-152, fine-tuned",
    decoding: "beam 5",
    scores: scores(65.9, 23.5, 20.7, 47.6, 58.9),
  },
  { system: "attention LSTM", encoder: "ResNet-50, frozen", ...varier, scores: scores(60, 20.8, 20.8, 45.9, 52.75) },
  { system: "attention LSTM", encoder: "ResNet-101, frozen", ...varier, scores: scores(60.5, 19.9, 20.6, 46, 53.5) },
  {
    system: "Transformer decoder",
    encoder: "ResNet-50, frozen",
    ...varier,
    scores: scores(60.1, 18.7, 18.7, 44, 45.5),
  },
  { system: "attention LSTM", encoder: "ResNet-50, fine-tuned", ...varier, scores: scores(63, 22, 21.4, 47.6, 55.5) },
  {
    system: "attention LSTM",
    encoder: "ResNet-101, fine-tuned",
    ...varier,
    scores: scores(63, 22, 21.9, 48.1, 58.6),
  },
];

/** Whether a data set is the one that {@link publishedResults} are about, by its name. */
export function isFlickr8k(name: string): boolean {
  return /flickr[-_ ]?8k/i.test(name);
}
