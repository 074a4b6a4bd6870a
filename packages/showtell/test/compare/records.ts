// Records made by hand, for tests: three pictures, and scores that are easy to reckon with.
import { keptStatistics } from "caption-metrics";
import type { CorpusStatistics } from "caption-metrics";
import type { RunRecord } from "../../src/compare/record.ts";

const hash = "0".repeat(64);

/** A record with the scores of two metrics. */
export function recordOf(name: string, CIDEr: number, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    version: 1,
    writer: "showtell 0",
    name,
    kind: "train",
    options: { training: { epochs: 2 } },
    seed: 1,
    uses: {},
    encoders: [{ name: "resnet50", layer: "grid", identity: hash }],
    model: { identity: hash, parameters: 1_500_000, beam: 3 },
    training: {
      data: { name: "d", hash, pictures: 2, captions: 4 },
      reason: "finished",
      epochs: 2,
      bestEpoch: 2,
      steps: 10,
      seconds: 60,
      captionsPerSecond: 5,
      history: [
        { loss: 3, devLoss: 3, devAccuracy: 0.3, CIDEr: 0.1 },
        { loss: 2, devLoss: 2, devAccuracy: 0.4, CIDEr: CIDEr / 2 },
      ],
    },
    evaluation: {
      split: "dev",
      pictures: 4,
      hash,
      chosenBy: 1,
      scores: { CIDEr, "BLEU-4": 0.2 },
      signatures: { CIDEr: "cider" },
      rest: { after: 1, scores: { CIDEr: CIDEr + 0.1 } },
      perplexity: 12,
      tokenAccuracy: 0.4,
      openEndings: 0.01,
      words: 9,
      vocabulary: 30,
      captionsPerSecond: 100,
      seconds: 3,
    },
    machine: { cpu: "c", cores: 2, threads: 2, memoryBytes: 2 ** 30, platform: "p", node: "v20", engine: "e" },
    finished: "2026-01-01T00:00:00.000Z",
    ...changes,
  };
}

/** Statistics of pictures with these CIDEr scores. */
export function statisticsOf(ciders: readonly number[]): CorpusStatistics {
  const bleu = { hypothesisLength: 4, referenceLength: 4, guessed: [4, 3, 2, 1], correct: [2, 1, 1, 1] };
  return keptStatistics(ciders.map((cider) => ({ bleu, rougeL: 0.5, cider })));
}
