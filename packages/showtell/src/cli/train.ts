// `showtell train`: from options to a run's folder. Training itself is node/training.ts; what is told meanwhile is training-report.ts.
import { join } from "node:path";
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { ShowAndTellSpec } from "../models/show-and-tell.ts";
import type { Schedule } from "../nn/schedules.ts";
import { defaultEncoder } from "../node/bundle-files.ts";
import { defaultTraining } from "../node/training-request.ts";
import type { TrainingOutcome, TrainingRequest } from "../node/training-request.ts";
import { runFiles } from "../node/training-run.ts";
import { trainCaptioner } from "../node/training.ts";
import { cleaningRules } from "../text/cleaning.ts";
import type { CleaningRule } from "../text/cleaning.ts";
import { defaultTrainingOptions } from "../train/options.ts";
import type { Selection, TrainingOptions } from "../train/options.ts";
import { dataOption, encoderOption, imagesOption, minimumCountOption } from "./options.ts";
import { number, quietOption, threadsOption, wholeNumber } from "./options.ts";
import type { Shell } from "./shell.ts";
import { reportTraining, scoresText } from "./training-report.ts";
import { counted, fieldLines } from "./wording.ts";

/** What commander makes of the options below. */
interface TrainCommandOptions extends Omit<TrainingOptions, "schedule"> {
  readonly data: string;
  readonly images?: string;
  readonly out: string;
  readonly resume?: true;
  readonly encoder?: string;
  readonly clean?: readonly CleaningRule[];
  readonly minimumCount: number;
  readonly embeddings: string;
  readonly freezeEmbeddings?: true;
  readonly embeddingSize?: number;
  readonly hiddenSize: number;
  readonly dropout: ShowAndTellSpec["dropout"];
  readonly schedule: Schedule["kind"];
  readonly learningRate: number;
  readonly warmup: number;
  readonly floor: number;
  readonly beam: number;
  readonly lengthExponent: number;
  readonly threads?: number;
}

const { schedule, ...training } = defaultTrainingOptions;

const notes = `
The run's folder holds ${runFiles.best} (the model of the best epoch, for caption --model), ${runFiles.last} (where --resume goes
on), ${runFiles.curvesSvg} and ${runFiles.curvesPng} (loss, accuracy, caption scores), ${runFiles.history}, ${runFiles.samples} and ${runFiles.description}.

Features of the pictures are computed once and kept in the cache. Ctrl-C finishes the step, writes a checkpoint and loses nothing:
the same command with --resume goes on, and ends in the same weights as a run without a break.

Examples:
  showtell train --data flickr8k --out runs/first
  showtell train --data flickr8k --out runs/first --resume
  showtell train --data mine/captions.jsonl --images mine/photos --out runs/mine --embeddings random --epochs 40`;

/** Adds `train` to the program. */
export function addTrain(program: Command, shell: Shell): void {
  const command = program
    .command("train")
    .summary("train a captioner")
    .description(
      "Train a captioner: Show and Tell (Vinyals et al. 2015), an LSTM that reads the features of a picture.",
    )
    .addHelpText("after", notes)
    .action((options: TrainCommandOptions) => train(options, shell));
  addRunOptions(command);
  addModelOptions(command);
  addLearningOptions(command);
}

function addRunOptions(command: Command): void {
  command
    .addOption(dataOption())
    .addOption(imagesOption())
    .requiredOption("-o, --out <folder>", "the run's folder")
    .option("--resume", "go on with the run in the folder, with the same options")
    .addOption(encoderOption())
    .addOption(threadsOption())
    .addOption(quietOption());
}

function addModelOptions(command: Command): void {
  const { embeddings, hiddenSize, dropout, beam, lengthExponent } = defaultTraining;
  command
    .optionsGroup("Words and model:")
    .addOption(
      new Option("--clean <rule...>", "cleaning rules for training captions").choices(Object.keys(cleaningRules)),
    )
    .addOption(minimumCountOption())
    .option("--embeddings <source>", "word vectors to start from: glove, random, or a file of vectors", embeddings)
    .option("--freeze-embeddings", "leave word vectors as they are")
    .option(
      "--embedding-size <n>",
      "size of a word's input (default: that of the vectors, 300 for random ones)",
      wholeNumber(1, 8192),
    )
    .option("--hidden-size <n>", "size of the LSTM's state", wholeNumber(1, 8192), hiddenSize)
    .addOption(
      new Option("--dropout <rates>", "of features, word inputs and output, or one rate for all")
        .argParser(dropoutRates)
        .default(dropout, Object.values(dropout).join(",")),
    )
    .option("--beam <n>", "beam that the model captions with unless told otherwise", wholeNumber(1, 100), beam)
    .option(
      "--length-exponent <e>",
      "score of a caption: log-probability / length^e",
      number("from 0 to 5", (e) => e >= 0 && e <= 5),
      lengthExponent,
    );
}

function addLearningOptions(command: Command): void {
  const share = number("from 0 to below 1", (value) => value >= 0 && value < 1);
  const positive = number("above 0", (value) => value > 0);
  command
    .optionsGroup("Learning:")
    .option("--epochs <n>", "passes over the training captions", wholeNumber(1, 100_000), training.epochs)
    .option("--patience <n>", "epochs without a better one until it stops", wholeNumber(1, 100_000), training.patience)
    .addOption(
      new Option("--select <by>", "what makes an epoch the best: CIDEr of dev captions (beam, greedy), or the dev loss")
        .choices(["beam", "greedy", "loss"] satisfies readonly Selection[])
        .default(training.select),
    )
    .option("--select-first <n>", "caption only the first n dev pictures for that (default: all)", wholeNumber(2, 1e9))
    .option("--batch-size <n>", "captions a step", wholeNumber(1, 65_536), training.batchSize)
    .option("--learning-rate <rate>", "the largest rate", positive, schedule.peak)
    .addOption(
      new Option("--schedule <kind>", "what becomes of the rate")
        .choices(["cosine", "constant"])
        .default(schedule.kind),
    )
    .option("--warmup <n>", "steps in which the rate rises", wholeNumber(0, 1e9), schedule.warmup)
    .option("--floor <share>", "cosine: share of the rate that is left at the end", share, schedule.floor)
    .option(
      "--label-smoothing <share>",
      "share of a word's probability that is spread over all",
      share,
      training.labelSmoothing,
    )
    .option(
      "--weight-decay <rate>",
      "decoupled weight decay",
      number("of at least 0", (rate) => rate >= 0),
      training.weightDecay,
    )
    .option("--clip-norm <norm>", "largest norm of the gradients", positive, training.clipNorm)
    .option("--maximum-words <n>", "longer captions are cut", wholeNumber(1, 200), training.maximumWords)
    .option(
      "--checkpoint-steps <n>",
      "steps between checkpoints within an epoch",
      wholeNumber(1, 1e9),
      training.checkpointSteps,
    )
    .option("--seed <n>", "seed of weights, order and dropout", wholeNumber(0, 2 ** 32 - 1), training.seed);
}

function dropoutRates(text: string): ShowAndTellSpec["dropout"] {
  const rates = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [features, input, output] = rates.length === 1 ? [rates[0], rates[0], rates[0]] : rates;
  if ((rates.length === 1 || rates.length === 3) && rates.every((rate) => rate >= 0 && rate < 1)) {
    return { features: features!, input: input!, output: output! };
  }
  throw new InvalidArgumentError("It must be one or three numbers from 0 to below 1, such as 0.3,0.3,0.5.");
}

function requestOf(options: TrainCommandOptions): TrainingRequest {
  return {
    layer: defaultTraining.layer,
    data: options.data,
    images: options.images,
    out: options.out,
    resume: options.resume ?? false,
    encoder: options.encoder ?? defaultEncoder,
    threads: options.threads,
    rules: options.clean ?? [],
    minimumCount: options.minimumCount,
    embeddings: options.embeddings,
    freezeEmbeddings: options.freezeEmbeddings ?? false,
    embeddingSize: options.embeddingSize,
    hiddenSize: options.hiddenSize,
    dropout: options.dropout,
    beam: options.beam,
    lengthExponent: options.lengthExponent,
    training: trainingOptionsOf(options),
  };
}

function trainingOptionsOf(options: TrainCommandOptions): TrainingOptions {
  const { schedule: kind, learningRate: peak, warmup, floor } = options;
  return {
    seed: options.seed,
    batchSize: options.batchSize,
    epochs: options.epochs,
    patience: options.patience,
    select: options.select,
    ...(options.selectFirst !== undefined && { selectFirst: options.selectFirst }),
    schedule: { kind, peak, warmup, floor },
    labelSmoothing: options.labelSmoothing,
    weightDecay: options.weightDecay,
    clipNorm: options.clipNorm,
    maximumWords: options.maximumWords,
    checkpointSteps: options.checkpointSteps,
  };
}

async function train(options: TrainCommandOptions, { terminal, signal }: Shell): Promise<void> {
  const request = requestOf(options);
  const report = reportTraining(terminal);
  let outcome: TrainingOutcome;
  try {
    outcome = await trainCaptioner(request, { onNews: report.onNews, signal });
  } finally {
    report.stop();
  }
  const { reason, epochs, best } = outcome;
  if (reason === "cancelled") terminal.note(`a checkpoint is in "${request.out}": go on with --resume`);
  const ends = {
    finished: "",
    "early stop": `, stopped early: no better epoch in the last ${request.training.patience}`,
    cancelled: ", interrupted",
  };
  await terminal.print(
    ...fieldLines([
      ["run", `${request.out} (${counted(epochs, "epoch")}${ends[reason]})`],
      ...(best === undefined
        ? []
        : ([
            [
              "best",
              `epoch ${best.epoch}, dev ${best.scores ? `${scoresText(best.scores)}, ` : ""}loss ${best.devLoss.toFixed(4)}`,
            ],
            ["model", join(request.out, runFiles.best)],
          ] as const)),
    ]),
  );
}
