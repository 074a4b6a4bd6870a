// A report whose names and captions are HTML of somebody's, for tests of its page.
import { wordnet } from "caption-metrics/wordnet";
import type { EvaluatedPicture, Evaluation } from "../../src/evaluate/evaluation.ts";
import { makeReport } from "../../src/evaluate/report.ts";
import type { Report } from "../../src/evaluate/report.ts";
import { scoreCorpus } from "../../src/evaluate/scoring.ts";

/** What must not come out as HTML. */
export const evil = `<img src="http://example.org/x.png" onerror='alert(1)'> & "dogs"`;
const pictures = Array.from({ length: 30 }, (_, i) => ({
  image: i === 0 ? `${evil}.jpg` : `${i}.jpg`,
  references: [`a dog number ${i} runs over red grass`, `the dog ${i}`, i === 0 ? evil : `a man ${i}`],
}));
const captions = pictures.map((_, i) => (i === 0 ? evil : i % 3 === 0 ? `a dog number ${i} runs` : "a dog"));

const bins = [{ from: 0.5, captions: 30, confidence: 0.6, share: 0.4 }];
const fewer = [{ from: 0.5, captions: 20, confidence: 0.6, share: 0.5 }];

/** A report with all that one can have. */
export async function reported(): Promise<Report> {
  const options = { meteor: { synonyms: wordnet }, resamples: 20 };
  const corpus = await scoreCorpus(pictures, captions, options);
  const { scores, signatures, perPicture, statistics } = corpus;
  const evaluation: Evaluation = {
    writer: "showtell 0.0.0",
    data: { name: evil, split: "dev", pictures: 30, skipped: 0, references: { fewest: 3, most: 3, compared: 3 } },
    metrics: Object.keys(scores),
    signatures,
    rows: [
      {
        name: evil,
        kind: "model",
        model: { identity: "0".repeat(64), files: [evil], encoders: ["resnet50, pooled"], beam: 3 },
        marks: [{ kind: "leak", text: evil }],
        scores,
        fewer: scores,
        variety: { ...corpus.diversity, novel: 0.5 },
        perplexity: { value: 12.34, words: 99, unknown: 0, accuracy: 0.5 },
        confidence: {
          metric: "CIDEr-D",
          threshold: 0.5,
          data: { name: evil, split: "dev", pictures: 30 },
          calibrated: { share: 0.4, expectedCalibrationError: 0.03, brier: 0.2, bins },
          measured: { share: 0.5, expectedCalibrationError: 0.12, brier: 0.21, bins: fewer },
        },
      },
      { name: "a person", kind: "human", marks: [], fewer: scores },
    ],
    seeds: [],
    notes: [evil],
  };
  const shown: EvaluatedPicture[] = pictures.map((picture, i) => ({
    ...picture,
    captions: [{ caption: captions[i]!, scores: perPicture[i]! }],
  }));
  return makeReport(evaluation, shown, [statistics], 20);
}
