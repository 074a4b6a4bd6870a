// The curves of a training run: loss, token accuracy and caption scores by epoch. Knows the numbers, not how they came about.
import { linePanels, type Panel, type PanelSeries } from "./panels.ts";

/** Scores of one split after an epoch. */
export interface EpochScores {
  /** Cross-entropy, nats per token. */
  readonly loss: number;
  /** Share of tokens guessed right under teacher forcing, 0 … 1. */
  readonly accuracy: number;
}

/** Scores of captions, as fractions. */
export interface CaptionScores {
  readonly CIDEr: number;
  readonly "BLEU-4": number;
}

/** What is drawn of an epoch. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** With the mean reward of drawn captions, where rewards are learnt from. */
  readonly train: EpochScores & { readonly reward?: number };
  readonly dev: EpochScores;
  /** Of the dev captions that epochs are chosen by, where they are. */
  readonly scores?: CaptionScores;
}

/**
 * Loss and token accuracy for train and dev by epoch (for dev alone, and the reward, where rewards are learnt from), and the scores of dev captions where there are any, each in a panel with the best
 * epoch marked; the text of an SVG file.
 * @throws ShowtellError `ARGUMENT` if there is no epoch yet.
 */
export async function trainingCurves(history: readonly EpochRecord[], bestEpoch: number): Promise<string> {
  const mark = { epoch: bestEpoch, label: `best: epoch ${bestEpoch}` };
  const rewards = history.flatMap(({ epoch, train: { reward } }) =>
    reward === undefined ? [] : [{ epoch, value: reward }],
  );
  // What is optimised there is no likelihood of true captions, nor are the tokens theirs.
  const splits = rewards.length === 0 ? (["train", "dev"] as const) : (["dev"] as const);
  const panels: readonly Panel[] = [
    { title: "Loss", unit: "cross-entropy (nats per token)", series: bySplit(history, splits, "loss"), mark },
    {
      title: "Token accuracy",
      unit: "tokens guessed right (%)",
      format: "percent",
      series: bySplit(history, splits, "accuracy"),
      mark,
    },
    ...(rewards.length === 0
      ? []
      : [{ title: "Reward", unit: "mean of drawn captions", series: [{ name: "train", points: rewards }], mark }]),
  ];
  const judged = history.flatMap(({ epoch, scores }) => (scores === undefined ? [] : [{ epoch, scores }]));
  if (judged.length === 0) return linePanels(panels);
  const series = captionScoreNames.map((name) => ({
    name,
    points: judged.map(({ epoch, scores }) => ({ epoch, value: 100 * scores[name] })),
  }));
  return linePanels([...panels, { title: "Dev captions", unit: "score × 100", series, mark }]);
}

const captionScoreNames: readonly (keyof CaptionScores)[] = ["CIDEr", "BLEU-4"];

function bySplit(
  history: readonly EpochRecord[],
  splits: readonly ("train" | "dev")[],
  score: keyof EpochScores,
): readonly PanelSeries[] {
  return splits.map((name) => ({
    name,
    points: history.map((record) => ({ epoch: record.epoch, value: record[name][score] })),
  }));
}
