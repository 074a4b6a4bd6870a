// What `showtell train` may be told of a bundle that learns on, and how it tells what became of it.
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { defaultOldData } from "../node/training-request.ts";
import type { OldData, TrainingRequest } from "../node/training-request.ts";
import type { Adaptation, ScoredBoth } from "../train/adaptation.ts";
import { number } from "./options.ts";
import { scoresText, someWords } from "./training-report.ts";
import { counted } from "./wording.ts";

/** What commander makes of these options. */
export interface LearningOnOptions {
  readonly init?: string;
  readonly oldData?: string;
  readonly oldImages?: string;
  readonly oldShare?: number;
  readonly mostForgotten?: number;
}

/** Adds them. */
export function addLearningOnOptions(command: Command): void {
  const share = number("from 0 to below 1", (value) => value >= 0 && value < 1);
  command
    .optionsGroup("Learning on:")
    .option("--init <bundle>", "go on from the decoder of this bundle: its sizes hold, its words stay, new ones follow")
    .option("--old-data <path>", "what that bundle was trained on: mixed in, and watched that it is not forgotten")
    .option("--old-images <folder>", "where its pictures are, if not beside its captions")
    .option(
      "--old-share <share>",
      "share of the training captions that come from the old data",
      share,
      defaultOldData.share,
    )
    .option(
      "--most-forgotten <cider>",
      "how much CIDEr (as a fraction: 0.02 is 2.0 as papers print it) the old dev split may lose",
      number("of at least 0", (value) => value >= 0),
      defaultOldData.mostForgotten,
    );
}

/** The old data of a request; `told` is what holds where nothing is said. @throws ShowtellError `ARGUMENT` if there is nothing that could forget it. */
export function oldDataOf(
  options: LearningOnOptions,
  told: Pick<TrainingRequest, "init" | "old"> = {},
): OldData | undefined {
  const { init = told.init, oldData: data = told.old?.data, oldImages: images = told.old?.images } = options;
  const { share, mostForgotten } = told.old ?? defaultOldData;
  if (data !== undefined && init === undefined)
    throw new ShowtellError(
      "ARGUMENT",
      "--old-data is what a trained model learned before: name the model with --init",
    );
  if (data === undefined) return undefined;
  return {
    data,
    images,
    share: options.oldShare ?? share,
    mostForgotten: options.mostForgotten ?? mostForgotten,
  };
}

/** Fields that say what became of a model. */
export function adaptationFields({ addedWords, learned, remembered }: Adaptation): readonly [string, string][] {
  return [
    ...(addedWords.length > 0
      ? [["words", `${addedWords.length} new: ${someWords(addedWords)}`] as [string, string]]
      : []),
    ["learned", bothText(learned)],
    [
      "remembered",
      remembered ? bothText(remembered) : "not checked: name what the bundle was trained on with --old-data",
    ],
  ];
}

function bothText({ data, pictures, before, after }: ScoredBoth): string {
  return `${data} dev (${counted(pictures, "picture")}): ${scoresText(before)} before, ${scoresText(after)} now`;
}
