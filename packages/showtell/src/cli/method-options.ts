// What `showtell train` may be told of methods beyond plain cross-entropy: rewards, scheduled sampling, averages of weights, a penalty on
// attention. Each is off unless it is asked for.
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { ShowtellError } from "../base/errors.ts";
import type { TrainingRequest } from "../node/training-request.ts";
import { selfCriticalOptions } from "../train/options.ts";
import type { Objective, TrainingOptions } from "../train/options.ts";
import { rewardKinds } from "../train/rewards.ts";
import type { RewardWeights } from "../train/rewards.ts";
import type { Baseline } from "../train/self-critical.ts";
import { number, wholeNumber } from "./options.ts";

/** What commander makes of the options on methods. */
export interface MethodOptions {
  readonly objective?: Objective["kind"];
  readonly baseline?: Baseline;
  readonly reward?: RewardWeights;
  readonly sharpening?: number;
  readonly scheduledSampling?: number;
  readonly average?: number;
  readonly attentionPenalty?: number;
  readonly distil?: string;
  readonly distilShare?: number;
  readonly distilCaptions?: number;
  readonly distilConsensus?: number;
  readonly distilWords?: number;
}

/** Words of a teacher's distributions that are kept. */
const softWidth = 16;

/** How much of a teacher is learnt where nothing is said. */
const defaultDistillation = { share: 0.5, captions: 5 } as const;

/** Adds the options on methods. */
export function addMethodOptions(command: Command): void {
  const { objective: rewarded } = selfCriticalOptions;
  const positive = number("above 0", (value) => value > 0);
  const share = number("above 0 and below 1", (value) => value > 0 && value < 1);
  command
    .optionsGroup("Methods:")
    .addOption(
      new Option("--objective <what>", "likelihood of true captions, or rewards of drawn ones, which wants --init")
        .choices(["cross-entropy", "self-critical"] satisfies readonly Objective["kind"][])
        .default("cross-entropy"),
    )
    .addOption(
      new Option("--baseline <what>", "self-critical: what a reward is held against")
        .choices(["others", "greedy"] satisfies readonly Baseline[])
        .default(rewarded.baseline),
    )
    .option(
      "--reward <weights>",
      "self-critical: what is rewarded, such as cider-d=1,bleu-4=2 (default: cider-d=1; it is 0 to 10, bleu-4 0 to 1)",
      rewardWeights,
    )
    .option("--sharpening <x>", "self-critical: logits are divided by it at the start", positive, rewarded.sharpening)
    .option(
      "--distil <bundles>",
      "a teacher, several with commas as an ensemble: its captions of training pictures replace true ones",
    )
    .option(
      "--distil-share <share>",
      "the share of captions that are the teacher's",
      number("from 0 to 1", (value) => value >= 0 && value <= 1),
      defaultDistillation.share,
    )
    .option(
      "--distil-words <share>",
      "share of the loss that follows the teacher's probabilities of the 16 likeliest words, at each of the true ones",
      number("above 0 and at most 1", (value) => value > 0 && value <= 1),
    )
    .option(
      "--distil-captions <n>",
      "captions that the teacher gives each picture",
      wholeNumber(1, 100),
      defaultDistillation.captions,
    )
    .option(
      "--distil-consensus <n>",
      "choose them by consensus among n of each of the teacher's models (default: the likeliest)",
      wholeNumber(2, 1000),
    )
    .option(
      "--scheduled-sampling <share>",
      "read words that the model says itself in place of true ones: a share that rises from 0 to this at the last step",
      share,
    )
    .option(
      "--average <decay>",
      "judge and keep averages of the weights, which keep this much a step: 0.999, say",
      share,
    )
    .option(
      "--attention-penalty <x>",
      "what uneven looks at a picture's places cost a decoder with attention: Xu et al. 2015 take 1",
      positive,
    );
}

function rewardWeights(text: string): RewardWeights {
  const parts = text.split(",").map((part) => part.split("="));
  const weights = new Map(parts.map(([name = "", weight = ""]) => [name.trim(), Number(weight.trim() || Number.NaN)]));
  const known: ReadonlySet<string> = new Set(rewardKinds);
  const isSound = [...weights].every(([name, weight]) => known.has(name) && Number.isFinite(weight) && weight >= 0);
  if (isSound && weights.size === parts.length && [...weights.values()].some((weight) => weight > 0))
    return Object.fromEntries(weights);
  throw new InvalidArgumentError(`It must be weights of ${rewardKinds.join(" and ")}, such as cider-d=1,bleu-4=2.`);
}

/**
 * The part of a run's options that options on methods make; `told` is what holds where nothing is said.
 * @throws ShowtellError `ARGUMENT` for --reward without drawn captions.
 */
export function methodsOf(
  options: MethodOptions,
  { training: told, distil }: Pick<TrainingRequest, "training" | "distil">,
): Pick<TrainingOptions, "objective" | "scheduledSampling" | "averaging" | "attentionPenalty" | "wordDistillation"> {
  const {
    scheduledSampling = told.scheduledSampling,
    average: averaging = told.averaging,
    attentionPenalty = told.attentionPenalty,
    distilWords,
  } = options;
  if (distilWords !== undefined && (options.distil ?? distil?.models) === undefined)
    throw new ShowtellError("ARGUMENT", "--distil-words follows a teacher: name it with --distil");
  const wordDistillation = distilWords === undefined ? told.wordDistillation : { share: distilWords, width: softWidth };
  return {
    objective: objectiveOf(options, told.objective),
    ...(scheduledSampling !== undefined && { scheduledSampling }),
    ...(averaging !== undefined && { averaging }),
    ...(attentionPenalty !== undefined && { attentionPenalty }),
    ...(wordDistillation && { wordDistillation }),
  };
}

function objectiveOf(options: MethodOptions, told: Objective): Objective {
  const { objective: kind = told.kind, reward } = options;
  if (kind === "self-critical") {
    const own = told.kind === kind ? told : selfCriticalOptions.objective;
    const { baseline = own.baseline, sharpening = own.sharpening } = options;
    const rewards = reward ?? own.rewards;
    return { kind, baseline, sharpening, ...(rewards && { rewards }) };
  }
  if (reward === undefined) return { kind };
  throw new ShowtellError("ARGUMENT", "--reward is what drawn captions are worth: pass --objective self-critical, too");
}

/** The teacher that options name; `told` is what holds where nothing is said. @throws ShowtellError `ARGUMENT` if only drawn captions are learnt. */
export function distillationOf(
  options: MethodOptions,
  { training, distil: told }: Pick<TrainingRequest, "training" | "distil">,
): Pick<TrainingRequest, "distil"> {
  const { distil: models = told?.models, distilConsensus: consensus = told?.consensus } = options;
  if (models === undefined) return {};
  const { distilShare: share = told?.share ?? defaultDistillation.share } = options;
  const { distilCaptions: captions = told?.captions ?? defaultDistillation.captions } = options;
  if (share === 0 && (options.distilWords ?? training.wordDistillation) === undefined)
    throw new ShowtellError(
      "ARGUMENT",
      "--distil-share is 0 and --distil-words is not given, so that nothing is learnt from the teacher",
    );
  if ((options.objective ?? training.objective.kind) === "self-critical")
    throw new ShowtellError(
      "ARGUMENT",
      "--distil replaces true captions, and self-critical training learns drawn ones",
    );
  return { distil: { models, share, captions, ...(consensus !== undefined && { consensus }) } };
}
