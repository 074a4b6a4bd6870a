// What `showtell train` may be told of words, model and learning, and how that becomes a request. What a decoder's recipe says holds
// where nothing is said.
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { pictureViews } from "../image/views.ts";
import type { PictureView } from "../image/views.ts";
import { decoderKinds, decoderNamed } from "../models/catalogue.ts";
import type { DecoderKind } from "../models/catalogue.ts";
import { chosen, commonDecoderOptions, decoderChoices } from "../models/decoder-options.ts";
import type { DecoderOptions, DropoutRates } from "../models/decoder-options.ts";
import type { DecoderRecipe } from "../models/decoder.ts";
import { maskOwners } from "../nn/noise.ts";
import type { Schedule } from "../nn/schedules.ts";
import { defaultEncoder } from "../node/shipped-models.ts";
import { integerEncoderFile } from "../node/weights-folder.ts";
import { requireSoundRequest } from "../node/sound-request.ts";
import { defaultDecoder, defaultTraining } from "../node/training-request.ts";
import type { TrainingRequest } from "../node/training-request.ts";
import { cleaningRules } from "../text/cleaning.ts";
import type { CleaningRule } from "../text/cleaning.ts";
import { defaultTrainingOptions } from "../train/options.ts";
import type { Selection, TrainingOptions } from "../train/options.ts";
import type { LearningOnOptions } from "./learning-on-options.ts";
import { oldDataOf } from "./learning-on-options.ts";
import type { MethodOptions } from "./method-options.ts";
import { addMethodOptions, distillationOf, methodsOf } from "./method-options.ts";
import { minimumCountOption, number, viewsOption, wholeNumber } from "./options.ts";

/** What commander makes of the command's options; what is not there holds as a run is told that goes on, or as a decoder's recipe says. */
export interface TrainCommandOptions
  extends
    LearningOnOptions,
    MethodOptions,
    Partial<Omit<TrainingOptions, keyof MethodOptions | "averaging" | "wordDistillation" | "schedule">> {
  readonly data?: string;
  readonly images?: string;
  readonly out: string;
  readonly resume?: true;
  readonly encoder?: string;
  readonly clean?: readonly CleaningRule[];
  readonly minimumCount?: number;
  readonly embeddings?: string;
  readonly freezeEmbeddings?: true;
  readonly embeddingSize?: number;
  readonly views?: readonly PictureView[];
  readonly attributes?: number;
  readonly fineTune?: string;
  readonly encoderLearningRate?: number;
  readonly decoder?: DecoderKind;
  readonly hiddenSize?: number;
  readonly dropout?: DropoutRates;
  readonly attentionSize?: number;
  readonly cell?: NonNullable<DecoderOptions["cell"]>;
  readonly conditioning?: NonNullable<DecoderOptions["conditioning"]>;
  readonly score?: NonNullable<DecoderOptions["score"]>;
  readonly layers?: number;
  readonly heads?: number;
  readonly forwardSize?: number;
  readonly positions?: NonNullable<DecoderOptions["positions"]>;
  readonly schedule?: Schedule["kind"];
  readonly learningRate?: number;
  readonly warmup?: number;
  readonly floor?: number;
  readonly beam?: number;
  readonly lengthExponent?: number;
  readonly threads?: number;
}

const { schedule, ...training } = defaultTrainingOptions;

/** The largest rate of an encoder's stage that learns, where nothing is said. */
const defaultStageRate = 5e-5;

/** A line a decoder, for the help text. */
export function decoderLines(): readonly string[] {
  const width = Math.max(...decoderKinds.map((kind) => kind.length));
  return decoderKinds.map((kind) => {
    const { title, layer, recipe, takes } = decoderNamed(kind);
    const own = takes.length === 0 ? "" : `; takes ${takes.map(flagOf).join(", ")}`;
    return `  ${kind.padEnd(width)}  ${title}; reads ${layer} features; ${recipeLine(recipe)}${own}`;
  });
}

/** What the objective of rewards has by default in place of a decoder's recipe, for the help. */
export function rewardsLine(): string {
  const { decoderOptions, training: rewarded } = defaultTraining(defaultDecoder, "self-critical");
  const rates = Object.values(decoderOptions.dropout).join(",");
  return `${rewarded.epochs} epochs, rate ${rewarded.schedule.peak}, dropout ${rates}, ${optimiserLine(rewarded)}`;
}

/** The rest of what cross-entropy has by default, whatever the decoder. */
export function otherDefaultsLine(): string {
  return optimiserLine(defaultTrainingOptions);
}

function optimiserLine({ schedule: own, clipNorm, epsilon }: TrainingOptions): string {
  return `--warmup ${own.warmup}, --floor ${own.floor}, --clip-norm ${clipNorm}, --epsilon ${epsilon}`;
}

function recipeLine({
  epochs,
  batchSize,
  captionsPerPicture,
  learningRate,
  dropout,
  dropoutMasks,
  options = {},
  ...words
}: DecoderRecipe): string {
  const rates = Object.values(dropout).join(",");
  return [
    `${epochs} epochs`,
    `batch ${batchSize} (${captionsPerPicture} of a picture)`,
    `rate ${learningRate}`,
    `dropout ${rates} a ${dropoutMasks}`,
    `embeddings ${words.embeddings} of ${words.embeddingSize}`,
    ...Object.entries(options).map(([name, value]) => `${name} ${String(value)}`),
  ].join(", ");
}

/** Adds the options on words and model. */
export function addModelOptions(command: Command): void {
  const { decoderOptions, beam, lengthExponent } = defaultTraining();
  const size = wholeNumber(1, 8192);
  command
    .optionsGroup("Words and model (what is not given is the decoder's own, see below):")
    .addOption(
      new Option("--clean <rule...>", "cleaning rules for training captions").choices(Object.keys(cleaningRules)),
    )
    .addOption(minimumCountOption())
    .option("--embeddings <source>", "word vectors to start from: glove, random, or a file of vectors")
    .option("--freeze-embeddings", "leave word vectors as they are")
    .option("--embedding-size <n>", "size of a word's input; vectors of another size are projected", size)
    .addOption(viewsOption())
    .addOption(
      new Option(
        "--attributes [n]",
        "first train a detector of the n most frequent words that say what is seen (400 if n is left out), and tell the decoder at every step what it finds",
      )
        .preset("400")
        .argParser(wholeNumber(1, 10_000)),
    )
    .option("--fine-tune <stage>", "let this stage of the encoder learn with the decoder: conv5 of resnet50")
    .addOption(new Option("--decoder <name>", "which decoder").choices(decoderKinds).default(defaultDecoder))
    .option("--hidden-size <n>", `size of the recurrent state (default: ${decoderOptions.hiddenSize})`, size)
    .option("--attention-size <n>", "size of queries and keys (default: the hidden size)", size)
    .addOption(new Option("--cell <name>", "the recurrent cell (default: lstm)").choices(decoderChoices.cell))
    .addOption(
      new Option(
        "--conditioning <way>",
        "where the picture enters: as the first word, as the first state, beside every word, or after the recurrence (default: par)",
      ).choices(decoderChoices.conditioning),
    )
    .addOption(new Option("--score <way>", "how attention compares (default: additive)").choices(decoderChoices.score))
    .option("--layers <n>", "layers of the Transformer (default: 2)", wholeNumber(1, 100))
    .option("--heads <n>", "heads of each of its attentions (default: 8)", size)
    .option("--forward-size <n>", "size inside its feed-forward parts (default: twice the hidden size)", size)
    .addOption(
      new Option("--positions <way>", "how it is told a word's place (default: learned)").choices(
        decoderChoices.positions,
      ),
    )
    .addOption(
      new Option("--dropout <rates>", "of features, word inputs and output, or one rate for all").argParser(
        dropoutRates,
      ),
    )
    .option("--beam <n>", "beam that the model captions with unless told otherwise", wholeNumber(1, 100), beam)
    .option(
      "--length-exponent <e>",
      "score of a caption: log-probability / length^e",
      number("from 0 to 5", (e) => e >= 0 && e <= 5),
      lengthExponent,
    );
}

/** Adds the options on learning, methods among them. */
export function addLearningOptions(command: Command): void {
  const share = number("from 0 to below 1", (value) => value >= 0 && value < 1);
  const positive = number("above 0", (value) => value > 0);
  command
    .optionsGroup("Learning (what has no default is the decoder's own, or the objective's):")
    .option("--epochs <n>", "passes over the training captions", wholeNumber(1, 100_000))
    .option("--patience <n>", "epochs without a better one until it stops", wholeNumber(1, 100_000), training.patience)
    .addOption(
      new Option("--select <by>", "what makes an epoch the best: CIDEr of dev captions (beam, greedy), or the dev loss")
        .choices(["beam", "greedy", "loss"] satisfies readonly Selection[])
        .default(training.select),
    )
    .option("--select-first <n>", "caption only the first n dev pictures for that (default: all)", wholeNumber(2, 1e9))
    .option("--batch-size <n>", "captions a step", wholeNumber(1, 65_536))
    .option("--captions-per-picture <n>", "captions of one picture that stand together", wholeNumber(1, 1000))
    .option("--learning-rate <rate>", "the largest rate", positive)
    .option(
      "--encoder-learning-rate <rate>",
      "with --fine-tune: the largest rate of the encoder's stage",
      positive,
      defaultStageRate,
    )
    .addOption(
      new Option("--schedule <kind>", "what becomes of the rate")
        .choices(["cosine", "constant"])
        .default(schedule.kind),
    )
    .option(
      "--warmup <n>",
      "steps in which the rate rises, or half of all where it would take them all",
      wholeNumber(0, 1e9),
    )
    .option("--floor <share>", "cosine: share of the rate that is left at the end", share)
    .addOption(
      new Option(
        "--dropout-masks <owner>",
        "whether a sentence keeps its dropout mask, or each token draws its own",
      ).choices(maskOwners),
    )
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
    .option("--clip-norm <norm>", "largest norm of the gradients", positive)
    .option("--epsilon <e>", "Adam's epsilon", positive)
    .option("--maximum-words <n>", "longer captions are cut", wholeNumber(1, 200), training.maximumWords)
    .option(
      "--checkpoint-steps <n>",
      "steps between checkpoints within an epoch",
      wholeNumber(1, 1e9),
      training.checkpointSteps,
    )
    .option("--seed <n>", "seed of weights, order and dropout", wholeNumber(0, 2 ** 32 - 1), training.seed);
  addMethodOptions(command);
}

function dropoutRates(text: string): DropoutRates {
  const rates = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const [features, input, output] = rates.length === 1 ? [rates[0], rates[0], rates[0]] : rates;
  if ((rates.length === 1 || rates.length === 3) && rates.every((rate) => rate >= 0 && rate < 1)) {
    return { features: features!, input: input!, output: output! };
  }
  throw new InvalidArgumentError("It must be one or three numbers from 0 to below 1, such as 0.3,0.3,0.5.");
}

/** A request but for where the run lies: what holds where options say nothing. */
type ToldRequest = ReturnType<typeof defaultTraining> & Partial<Pick<TrainingRequest, "data" | "encoder">>;

/**
 * The request that options make.
 * @param told What holds where they say nothing: what a run that goes on was told, by default the decoder's recipe.
 * @throws ShowtellError `ARGUMENT` for an option that the decoder does not take, methods that do not go together, or no data.
 */
export function requestOf(
  options: TrainCommandOptions,
  told: ToldRequest = defaultTraining(options.decoder, options.objective),
): TrainingRequest {
  const { data = told.data, init = told.init, views = told.views, decoder = told.decoder } = options;
  const { fineTune: stage = told.fineTune?.stage, encoderLearningRate: rate } = options;
  if (data === undefined) throw new ShowtellError("ARGUMENT", "required option '--data <path>' not specified");
  if ((options.objective ?? told.training.objective.kind) === "self-critical" && init === undefined)
    throw new ShowtellError("ARGUMENT", "--objective self-critical goes on from a trained model: name it with --init");
  const request: TrainingRequest = {
    init,
    old: oldDataOf(options, told),
    data,
    images: options.images ?? told.images,
    out: options.out,
    resume: options.resume ?? false,
    // Integers have no slope that could be learnt.
    encoder: options.encoder ?? told.encoder ?? (stage === undefined ? integerEncoderFile() : defaultEncoder),
    threads: options.threads,
    rules: options.clean ?? told.rules,
    minimumCount: options.minimumCount ?? told.minimumCount,
    embeddings: options.embeddings ?? told.embeddings,
    freezeEmbeddings: options.freezeEmbeddings ?? told.freezeEmbeddings,
    ...(views !== undefined && views.join() !== pictureViews[0] && { views }),
    ...(stage !== undefined && {
      fineTune: { stage, learningRate: rate ?? told.fineTune?.learningRate ?? defaultStageRate },
    }),
    ...distillationOf(options, told),
    ...chosen({ attributes: options.attributes ?? told.attributes }),
    embeddingSize: options.embeddingSize ?? told.embeddingSize,
    decoder,
    decoderOptions: decoderOptionsOf(options, decoder, told.decoderOptions),
    beam: options.beam ?? told.beam,
    lengthExponent: options.lengthExponent ?? told.lengthExponent,
    training: trainingOptionsOf(options, told),
  };
  requireSoundRequest(request);
  if (request.freezeEmbeddings && request.embeddings === "random" && init === undefined)
    throw new ShowtellError(
      "ARGUMENT",
      "--freeze-embeddings would leave random word vectors as they were drawn: name others with --embeddings, or leave it out",
    );
  return request;
}

/** What a request has to have for an option to mean something, and what is to be said where it has not. */
const wants: readonly (readonly [
  names: readonly (keyof TrainCommandOptions)[],
  has: (request: TrainingRequest) => boolean,
  remedy: string,
])[] = [
  [["oldImages", "oldShare", "mostForgotten"], ({ old }) => old !== undefined, "is about --old-data: name that, too"],
  [
    ["distilShare", "distilCaptions", "distilConsensus"],
    ({ distil }) => distil !== undefined,
    "is about a teacher: name it with --distil",
  ],
  [
    ["baseline", "sharpening"],
    (request) => request.training.objective.kind === "self-critical",
    "is about rewards: pass --objective self-critical, too",
  ],
  [
    ["floor"],
    ({ training: { schedule: own } }) => own.kind === "cosine",
    "is about a rate that falls: pass --schedule cosine, or leave it out",
  ],
  [
    ["selectFirst"],
    ({ training: { select } }) => select !== "loss",
    "is about captions of dev pictures, and the loss is that of all: leave it out, or choose by captions (--select beam)",
  ],
  [["encoderLearningRate"], ({ fineTune }) => fineTune !== undefined, "is about --fine-tune: name a stage"],
];

/**
 * Refuses options that would do nothing.
 * @param said Those that were said, without defaults. @throws ShowtellError `ARGUMENT`.
 */
export function requireEffect(said: TrainCommandOptions, request: TrainingRequest): void {
  for (const [names, has, remedy] of wants) {
    const idle = names.find((name) => said[name] !== undefined);
    if (idle !== undefined && !has(request)) throw new ShowtellError("ARGUMENT", `${flagOf(idle)} ${remedy}`);
  }
}

function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function decoderOptionsOf(options: TrainCommandOptions, decoder: DecoderKind, told: DecoderOptions): DecoderOptions {
  const { hiddenSize = told.hiddenSize, dropout = told.dropout } = options;
  const { attentionSize, cell, conditioning, score, layers, heads, forwardSize, positions } = options;
  const special: Omit<DecoderOptions, "hiddenSize" | "dropout"> = {
    attentionSize,
    cell,
    conditioning,
    score,
    layers,
    heads,
    forwardSize,
    positions,
  };
  const taken: ReadonlySet<string> = new Set([...commonDecoderOptions, ...decoderNamed(decoder).takes]);
  for (const [name, value] of Object.entries(special)) {
    if (value === undefined || taken.has(name)) continue;
    throw new ShowtellError("ARGUMENT", `${flagOf(name)} is no option of the decoder ${decoder}: leave it out`);
  }
  return { ...told, hiddenSize, dropout, ...chosen(special) };
}

function trainingOptionsOf(options: TrainCommandOptions, request: ToldRequest): TrainingOptions {
  const { training: told } = request;
  const { schedule: kind = told.schedule.kind, learningRate, warmup, floor } = options;
  const { selectFirst = told.selectFirst } = options;
  return {
    ...methodsOf(options, request),
    seed: options.seed ?? told.seed,
    batchSize: options.batchSize ?? told.batchSize,
    captionsPerPicture: options.captionsPerPicture ?? told.captionsPerPicture,
    epochs: options.epochs ?? told.epochs,
    patience: options.patience ?? told.patience,
    select: options.select ?? told.select,
    ...(selectFirst !== undefined && { selectFirst }),
    schedule: {
      ...told.schedule,
      kind,
      ...(learningRate !== undefined && { peak: learningRate }),
      ...(warmup !== undefined && { warmup }),
      ...(floor !== undefined && { floor }),
    },
    dropoutMasks: options.dropoutMasks ?? told.dropoutMasks,
    labelSmoothing: options.labelSmoothing ?? told.labelSmoothing,
    weightDecay: options.weightDecay ?? told.weightDecay,
    clipNorm: options.clipNorm ?? told.clipNorm,
    epsilon: options.epsilon ?? told.epsilon,
    maximumWords: options.maximumWords ?? told.maximumWords,
    checkpointSteps: options.checkpointSteps ?? told.checkpointSteps,
  };
}
