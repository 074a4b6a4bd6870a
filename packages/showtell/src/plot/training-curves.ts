// The curves of a training run: loss and token accuracy by epoch. Knows the numbers, not how they came about.
import { linePanels, type Panel, type PanelSeries } from "./panels.ts";

/** Scores of one split after an epoch. */
export interface EpochScores {
  /** Cross-entropy, nats per token. */
  readonly loss: number;
  /** Share of tokens guessed right under teacher forcing, 0 … 1. */
  readonly accuracy: number;
}

/** What is drawn of an epoch. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  readonly train: EpochScores;
  readonly dev: EpochScores;
}

/**
 * Loss and token accuracy for train and dev by epoch as two panels, the best epoch marked; the text of an SVG file.
 * @throws ShowtellError `ARGUMENT` if there is no epoch yet.
 */
export async function trainingCurves(history: readonly EpochRecord[], bestEpoch: number): Promise<string> {
  const mark = { epoch: bestEpoch, label: `best: epoch ${bestEpoch}` };
  const panels: readonly Panel[] = [
    { title: "Loss", unit: "cross-entropy (nats per token)", series: bothSplits(history, "loss"), mark },
    {
      title: "Token accuracy",
      unit: "tokens guessed right (%)",
      format: "percent",
      series: bothSplits(history, "accuracy"),
      mark,
    },
  ];
  return linePanels(panels);
}

function bothSplits(history: readonly EpochRecord[], score: keyof EpochScores): readonly PanelSeries[] {
  return (["train", "dev"] as const).map((name) => ({
    name,
    points: history.map((record) => ({ epoch: record.epoch, value: record[name][score] })),
  }));
}
