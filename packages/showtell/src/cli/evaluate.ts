// `showtell evaluate`: models on a split of a data set, beside what they must beat. Evaluating itself is node/evaluation.ts.
import { type Command, Option } from "commander";
import { defaultModel } from "../node/shipped-models.ts";
import type { Evaluation } from "../evaluate/evaluation.ts";
import { defaultEvaluation } from "../node/evaluation-request.ts";
import type { EvaluationNews } from "../node/evaluation-request.ts";
import { evaluateCaptioners } from "../node/evaluation.ts";
import { evaluationLines } from "./evaluation-table.ts";
import { agreementOptionsOf, requireSoundSearch } from "../caption/caption-options.ts";
import type { AgreementOptions } from "../caption/caption-options.ts";
import { dataOption, imagesOption, jsonOption, quietOption, threadsOption, wholeNumber } from "./options.ts";
import { addAgreementOptions } from "./search-options.ts";
import type { Shell } from "./shell.ts";
import type { Progress, Terminal } from "./terminal.ts";

interface EvaluateOptions extends AgreementOptions {
  readonly data: string;
  readonly images?: string;
  readonly split: string;
  readonly model?: readonly string[];
  readonly beam?: number;
  readonly allowLeak?: true;
  readonly baselines: boolean;
  readonly resamples: number;
  readonly out?: string;
  readonly threads?: number;
  readonly json?: true;
}

const notes = `
Each --model is a row; bundles with commas between caption together as one. With --consensus each row's captions are those that agree
most with the others that were found, or, with --consensus-voters neighbours, with what people said of the training pictures that look most
alike (but those whose content is scored); with neighbours-and-matcher it also counts how well a caption fits the picture, which is learnt
from the training pictures first, in under a minute. The beam is at least as wide. With --neighbour-words what people said of these pictures
counts in the search itself, with a consensus or without. Models that differ in their seed only are also given as mean and
deviation. Beside them stand the best caption for all pictures alike, the caption of the nearest training picture, and, against one
reference less, what a person wrote. Scores are × 100, with half the width of their 95 % interval (bootstrap over pictures).

METEOR is full with the paraphrase table that "showtell metrics add-paraphrases" fetches; without it, it is called so and reads lower.

A split that a model was trained on is refused; what a model was chosen by is marked. Features are taken from the cache or computed into
it, for the baselines those of the training pictures, too.

Exit status: 0 if the split was evaluated, 1 if it could not be (the reason is on standard error), 2 for wrong usage, 130 after Ctrl-C.

Examples:
  showtell evaluate --data flickr8k --split test
  showtell evaluate --data flickr8k --split dev --model runs/a/best.safetensors --model runs/b/best.safetensors --out report
  showtell evaluate --data flickr8k --split dev --model a.safetensors,b.safetensors --json
  showtell evaluate --data flickr8k --split dev --model a.safetensors,b.safetensors --consensus 10 --consensus-from members
  showtell evaluate --data flickr8k --split dev --consensus 20 --consensus-voters neighbours-and-matcher
  showtell evaluate --data flickr8k --split dev --beam 5 --neighbour-words 0.5
  showtell evaluate --data coco/dataset_coco.json --images coco --split test --model best.safetensors`;

/** Adds `evaluate` to the program. */
export function addEvaluate(program: Command, shell: Shell): void {
  const command = program
    .command("evaluate")
    .summary("score captioners on a data set")
    .description(
      "Caption a split of a data set with one model or several, and score that: BLEU, METEOR, ROUGE-L, CIDEr, perplexity.",
    )
    .addOption(dataOption())
    .addOption(imagesOption())
    .requiredOption("--split <name>", "which pictures: dev, test, … or all")
    .option("-m, --model <files>", "bundle to evaluate, may be repeated (default: the one that ships)", collect)
    .addOption(beamOption());
  addAgreementOptions(command)
    .option("--allow-leak", "score pictures that a model was trained on, too, and mark its row")
    .option("--no-baselines", "leave out the rows that need the training pictures")
    .option("--resamples <n>", "samples of the bootstrap", wholeNumber(1, 1e6), defaultEvaluation.resamples)
    .option("-o, --out <folder>", "also write report.html, report.json and report.csv")
    .addOption(threadsOption())
    .addOption(jsonOption("print what was found as JSON, scores as fractions"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: EvaluateOptions) => evaluate(options, shell));
}

/** `--beam` of evaluations. */
export function beamOption(): Option {
  return new Option("--beam <n>", "sentences followed at a time; 1 is greedy (default: each bundle's)").argParser(
    wholeNumber(1, 1000),
  );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function evaluate(options: EvaluateOptions, { terminal, signal }: Shell): Promise<void> {
  const {
    data,
    images,
    split,
    model = [defaultModel],
    beam,
    allowLeak = false,
    baselines,
    resamples,
    out,
    threads,
  } = options;
  requireSoundSearch(agreementOptionsOf(options));
  const report = reportEvaluation(terminal);
  let evaluation: Evaluation;
  try {
    evaluation = await evaluateCaptioners(
      {
        ...agreementOptionsOf(options),
        data,
        images,
        split,
        models: model,
        beam,
        allowLeak,
        baselines,
        resamples,
        out,
        threads,
      },
      { onNews: report.onNews, signal },
    );
  } finally {
    report.stop();
  }
  for (const note of evaluation.notes) terminal.note(note);
  await terminal.print(...(options.json ? [JSON.stringify(evaluation, undefined, 2)] : evaluationLines(evaluation)));
}

/** Tells an evaluation's news to a terminal, a bar for each task; `stop` takes the bar away. */
export function reportEvaluation(terminal: Terminal): { onNews(this: void, news: EvaluationNews): void; stop(): void } {
  let bar: { readonly task: string; readonly progress: Progress } | undefined;
  const stop = (): void => {
    bar?.progress.stop();
    bar = undefined;
  };
  const barOf = (task: string, total: number): Progress => {
    if (bar?.task !== task) {
      stop();
      bar = { task, progress: terminal.progress(task, total) };
    }
    return bar.progress;
  };
  return {
    stop,
    onNews(news) {
      if (news.kind === "broken picture") terminal.error(news.error);
      else if (news.kind === "work") barOf(news.task, news.total).update(news.done);
      else {
        const { done, total, secondsLeft } = news.progress;
        barOf(`features of ${news.split}`, total).update(done, { secondsLeft });
      }
    },
  };
}
