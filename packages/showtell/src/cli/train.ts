// `showtell train`: from options to a run's folder. Training itself is node/training.ts; what is told meanwhile is training-report.ts.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { encoderFileOf } from "../node/bundle-files.ts";
import { readRunRequest } from "../node/run-description.ts";
import type { TrainingOutcome, TrainingRequest } from "../node/training-request.ts";
import { adaptationFiles, runFiles } from "../node/training-run.ts";
import { trainCaptioner } from "../node/training.ts";
import { requireAccepted } from "../train/adaptation.ts";
import { adaptationFields, addLearningOnOptions } from "./learning-on-options.ts";
import { dataOption, encoderOption, imagesOption, quietOption, threadsOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { TrainCommandOptions } from "./training-options.ts";
import {
  addLearningOptions,
  addModelOptions,
  decoderLines,
  otherDefaultsLine,
  requestOf,
  requireEffect,
  rewardsLine,
} from "./training-options.ts";
import { reportTraining, scoresText } from "./training-report.ts";
import { counted, fieldLines } from "./wording.ts";

const notes = `
Decoders:
${decoderLines().join("\n")}

All of them start with ${otherDefaultsLine()}. Rewards (--objective self-critical) have their own:
${rewardsLine()}. A bundle that --init names must be of the decoder that --decoder names.

The run's folder holds ${runFiles.best} (the model of the best epoch, for caption --model), ${runFiles.last} (where --resume goes
on), ${runFiles.curvesSvg} and ${runFiles.curvesPng} (loss, accuracy, caption scores), ${runFiles.history}, ${runFiles.samples} and ${runFiles.description}.

Features of the pictures are computed once and kept in the cache. Ctrl-C finishes the step, writes a checkpoint and loses nothing:
--resume --out with the run's folder goes on, and ends in the same weights as a run without a break. Data and options are those that
the run was started with; what is said again must agree.

With several --views each epoch draws one for each training picture, so that the model sees more than the pictures that there are.

With --distil a teacher captions each training picture once, into ${runFiles.taught}; in each epoch a share of the true captions gives way to
its (Kim and Rush 2016), drawn anew. Its models may have other words and read other features. With --distil-words its probabilities of the words
of true captions are followed, too; then it must have the same words.

With --average the model that is judged and kept has the averages of the weights over the last 1 / (1 − decay) steps or so.

With --fine-tune the last stage of the encoder learns too, kernels and biases, its batch normalisation folded in and fixed; ${runFiles.best} then
holds encoder and decoder. Start it from a trained decoder by --init. An encoder that computes in integers can't be fine-tuned: train the decoder
on resnet50-int8 then, which is the default with --fine-tune.

With --init a trained model learns on, from pictures and captions of your own, with its own encoder. Its words keep their places; words of the new captions that
occur --minimum-count times are added; dev pictures that it had learned are left out. With --old-data captions that it had learned before are mixed in, and
the model is refused (status 1, ${adaptationFiles.refused}) if it forgot more than --most-forgotten. ${adaptationFiles.report} tells the scores before and now.

Examples:
  showtell train --data flickr8k --out runs/first
  showtell train --resume --out runs/first
  showtell train --data flickr8k --out runs/flips --encoder resnet50-int8 --views plain,flipped --epochs 6 --dropout 0.5
  showtell train --data flickr8k --out runs/plain --decoder show-and-tell --cell gru
  showtell train --data flickr8k --out runs/tuned --init runs/flips/best.safetensors --fine-tune conv5 --epochs 4 --learning-rate 2e-4
  showtell train --data surf.jsonl --images photos --out runs/surf --init runs/first/best.safetensors --old-data flickr8k --learning-rate 3e-4
  showtell train --data flickr8k --out runs/small --distil runs/a/best.safetensors,runs/b/best.safetensors --distil-consensus 10
  showtell train --data mine/captions.jsonl --images mine/photos --out runs/mine --embeddings random --epochs 40`;

/** Adds `train` to the program. */
export function addTrain(program: Command, shell: Shell): void {
  const command = program
    .command("train")
    .summary("train a captioner")
    .description("Train a captioner: a decoder that reads the features of pictures and says sentences.")
    .addHelpText("after", notes)
    .action((options: TrainCommandOptions) => train(options, given(command, options), shell));
  addRunOptions(command);
  addTrainingOptions(command);
}

/** Adds all options of a training but where it reads and writes: what a plan's rows may say, too. */
export function addTrainingOptions(command: Command): void {
  addModelOptions(command);
  addLearningOptions(command);
  addLearningOnOptions(command);
}

function addRunOptions(command: Command): void {
  command
    .addOption(dataOption().makeOptionMandatory(false))
    .addOption(imagesOption())
    .requiredOption("-o, --out <folder>", "the run's folder")
    .option("--resume", "go on with the run in the folder, which knows its data and options")
    .addOption(encoderOption())
    .addOption(threadsOption())
    .addOption(quietOption());
}

/** The options that stand on the command line: all but the defaults. */
function given(command: Command, options: TrainCommandOptions): TrainCommandOptions {
  const said = Object.entries(options).filter(([name]) => command.getOptionValueSource(name) !== "default");
  return Object.fromEntries(said) as unknown as TrainCommandOptions;
}

/** What is to be trained: a run that goes on is told again what it was told, whatever today's defaults are. */
async function requestFor(options: TrainCommandOptions, said: TrainCommandOptions): Promise<TrainingRequest> {
  const description = join(options.out, runFiles.description);
  const goesOn = options.resume === true && (options.data === undefined || existsSync(description));
  if (goesOn) return requestOf(said, { ...(await readRunRequest(description)), resume: true });
  const request = requestOf(options);
  const { encoder, init } = options;
  // A decoder that learns on reads what it always read.
  const own = encoder === undefined && init !== undefined ? await encoderFileOf(init) : undefined;
  return { ...request, ...(own !== undefined && { encoder: own }) };
}

async function train(
  options: TrainCommandOptions,
  said: TrainCommandOptions,
  { terminal, signal }: Shell,
): Promise<void> {
  const request = await requestFor(options, said);
  requireEffect(said, request);
  const report = reportTraining(terminal);
  let outcome: TrainingOutcome;
  try {
    outcome = await trainCaptioner(request, { onNews: report.onNews, signal });
  } finally {
    report.stop();
  }
  const { reason, epochs, best, adaptation } = outcome;
  const isRefused = adaptation?.remembered?.accepted === false;
  const model = join(request.out, isRefused ? adaptationFiles.refused : runFiles.best);
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
            ...(adaptation ? adaptationFields(adaptation) : []),
            [isRefused ? "not accepted" : "model", model],
          ] as const)),
    ]),
  );
  requireAccepted(adaptation, model);
}
