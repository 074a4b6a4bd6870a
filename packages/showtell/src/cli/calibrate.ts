// `showtell calibrate`: teaches a bundle how sure it may be of its captions. The work is node/calibration.ts.
import type { Command } from "commander";
import { type Calibration, withoutHashes } from "../bundle/calibration.ts";
import { dataOption, imagesOption, jsonOption, number, quietOption, threadsOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { fieldLines, tableLines } from "./wording.ts";

interface CalibrateOptions {
  readonly model: string;
  readonly data: string;
  readonly images?: string;
  readonly split: string;
  readonly threshold: number;
  readonly threads?: number;
  readonly json?: true;
}

const notes = `
A caption counts as good if its CIDEr-D (as papers have it, divided by 100) against the picture's references is above the threshold. From what
the search tells of a caption (its score, its mean and lowest log-probability, its length) a logistic regression foresees whether it is good.
How far that can be trusted is measured by cross-validation, and is in the bundle, too. The bundle is written in one step; its identity
stays, and captions are what they were. Afterwards: showtell caption --abstain-below.

Calibrate on pictures that the model was neither trained on (these are refused) nor chosen by.

Examples:
  showtell calibrate --model runs/first/best.safetensors --data flickr8k
  showtell calibrate --model mine.safetensors --data flickr8k --split test --threshold 0.8 --json`;

/** Adds `calibrate` to the program. */
export function addCalibrate(program: Command, shell: Shell): void {
  program
    .command("calibrate")
    .summary("teach a model how sure it may be of its captions")
    .description("Caption a split of a data set, score it, and write into the bundle how sure it may be of a caption.")
    .requiredOption("-m, --model <file>", "bundle to calibrate; it is written in place")
    .addOption(dataOption())
    .addOption(imagesOption())
    .option("--split <name>", "which pictures", "dev")
    .option(
      "--threshold <score>",
      "CIDEr-D above which a caption is good",
      number("from 0 to 10", (score) => score >= 0 && score <= 10),
      0.5,
    )
    .addOption(threadsOption())
    .addOption(jsonOption("print the calibration as JSON"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: CalibrateOptions) => calibrate(options, shell));
}

async function calibrate(options: CalibrateOptions, { terminal, signal }: Shell): Promise<void> {
  const { model, data, images, split, threshold, threads, json } = options;
  const { calibrateBundle } = await import("../node/calibration.ts");
  const { sessionsWith } = await import("../node/ort-session.ts");
  const bars = { features: undefined as Bar | undefined, captions: undefined as Bar | undefined };
  const bar = (task: keyof typeof bars, total: number): Bar => (bars[task] ??= terminal.progress(task, total));
  let calibration: Calibration;
  try {
    calibration = await calibrateBundle({
      model,
      data,
      images,
      split,
      threshold,
      openSession: sessionsWith(threads),
      signal,
      onFeatures: ({ done, total, secondsLeft }) => bar("features", total).update(done, { secondsLeft }),
      onBroken: (_path, error) => terminal.error(error),
      onCaptions(done, total) {
        bars.features?.stop();
        bar("captions", total).update(done);
      },
    });
  } finally {
    bars.features?.stop();
    bars.captions?.stop();
  }
  await terminal.print(
    ...(json ? [JSON.stringify(withoutHashes(calibration), undefined, 2)] : linesOf(model, calibration)),
  );
}

type Bar = ReturnType<Shell["terminal"]["progress"]>;

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function linesOf(model: string, { threshold, data, quality }: Calibration): readonly string[] {
  const { share, expectedCalibrationError, brier, bins } = quality;
  return [
    ...fieldLines([
      ["bundle", model],
      ["pictures", `${data.pictures.toLocaleString("en")} of ${data.split} of ${data.name}`],
      ["good captions", `${percent(share)} have a CIDEr-D above ${threshold}`],
      ["calibration error", `${percent(expectedCalibrationError)} (expected; cross-validated)`],
      ["Brier score", `${brier.toFixed(3)}; without any knowledge ${(share * (1 - share)).toFixed(3)}`],
    ]),
    "",
    ...tableLines([
      ["confidence", "captions", "mean", "good"],
      ...bins.map(({ from, captions, confidence, share: good }) => [
        `from ${percent(from)}`,
        captions.toLocaleString("en"),
        captions === 0 ? "" : percent(confidence),
        captions === 0 ? "" : percent(good),
      ]),
    ]),
  ];
}
