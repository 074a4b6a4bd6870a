// `showtell data check`: a data set looked over before it is trained on. What is looked for is node/dataset-check.ts.
import { ptbTokens } from "caption-metrics";
import type { Command } from "commander";
import type { BrokenPicture, DatasetReport, DuplicatePictures, Place, SplitReport } from "../node/dataset-check.ts";
import { checkDataset } from "../node/dataset-check.ts";
import { openDataset } from "../node/dataset-folder.ts";
import { dataOption, imagesOption, jsonOption, minimumCountOption, quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { Progress } from "./terminal.ts";
import { counted, oneLine, tableLines } from "./wording.ts";

interface CheckOptions {
  readonly data: string;
  readonly images?: string;
  readonly json?: true;
  readonly minimumCount: number;
}

const notes = `
Every picture is read and decoded. Words are split as the metrics split them. What is found is reported, not judged: the exit status is 0 unless the data set can't
be read.

Examples:
  showtell data check --data flickr8k
  showtell data check --data captions.jsonl --images photos --json`;

/** Adds `check` to the group `data`. */
export function addDataCheck(group: Command, shell: Shell): void {
  group
    .command("check")
    .summary("look a data set over")
    .description(
      "Look a data set over: captions without picture, pictures without captions, broken pictures, duplicates and leaks between " +
        "splits, empty captions, unknown words.",
    )
    .addOption(dataOption())
    .addOption(imagesOption())
    .addOption(minimumCountOption())
    .addOption(jsonOption("print the report as JSON, with all names"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: CheckOptions) => check(options, shell));
}

async function check({ data, images, json, minimumCount }: CheckOptions, { terminal, signal }: Shell): Promise<void> {
  const dataset = await openDataset(data, images === undefined ? {} : { images });
  let bar: Progress | undefined;
  const onProgress = (done: number, total: number): void => {
    bar ??= terminal.progress("pictures", total, { unit: "pictures" });
    bar.update(done);
  };
  const report = await checkDataset(dataset, { tokenise: ptbTokens, minimumCount, signal, onProgress }).finally(() =>
    bar?.stop(),
  );
  if (json) await terminal.print(JSON.stringify(report, undefined, 2));
  else await terminal.print(...linesOf(report));
}

function linesOf(report: DatasetReport): readonly string[] {
  const { name, pictures, captions, vocabulary, splits } = report;
  const { words, minimumCount, split } = vocabulary;
  return [
    `${oneLine(name)}: ${counted(pictures, "picture")} with ${counted(captions, "caption")}`,
    "",
    ...tableLines([["split", "pictures", "captions", "longest", "unknown words", "rate"], ...splits.map(splitRow)]),
    "",
    `The vocabulary has ${counted(words, "word")}: those seen at least ${counted(minimumCount, "time")} in "${split}".`,
    ...findings(report),
  ];
}

function splitRow({ name, pictures, captions, longestCaption, words }: SplitReport): readonly string[] {
  const { unknown, rate } = words;
  const counts = [pictures, captions, longestCaption, unknown].map((count) => count.toLocaleString("en"));
  return [oneLine(name), ...counts, `${(100 * rate).toFixed(2)} %`];
}

function findings(report: DatasetReport): readonly string[] {
  const { captionsWithoutPicture, picturesWithoutCaptions, listedWithoutCaptions, emptyCaptions } = report;
  const across = report.duplicatePictures.filter(({ acrossSplits }) => acrossSplits);
  const within = report.duplicatePictures.filter(({ acrossSplits }) => !acrossSplits);
  const found = [
    finding("picture", "with captions but without a file", captionsWithoutPicture),
    finding("picture", "that can't be read and would be left out", report.brokenPictures.map(brokenText)),
    finding("picture file", "without captions", picturesWithoutCaptions),
    finding("listed picture", "without captions", listedWithoutCaptions.map(placeText)),
    finding(
      "picture",
      "in more than one split, so that what is learnt in one is known in the other",
      across.map(equalText),
    ),
    finding("picture", "more than once within a split", within.map(equalText)),
    finding(
      "empty caption",
      "",
      emptyCaptions.map(({ image, index }) => `${image}#${index}`),
    ),
  ].flat();
  return found.length === 0 ? ["Nothing is missing, broken, empty or twice."] : found;
}

/** Names that are shown; --json has all. */
const shownNames = 5;

function finding(thing: string, what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, shownNames).map((name) => `  ${oneLine(name)}`);
  const more = names.length > shownNames ? [`  … and ${(names.length - shownNames).toLocaleString("en")} more`] : [];
  return ["", `${counted(names.length, thing)} ${what}`.trimEnd() + ":", ...shown, ...more];
}

function placeText({ image, split }: Place): string {
  return split === undefined ? image : `${image} (${split})`;
}

function brokenText({ code, message }: BrokenPicture): string {
  return `${code}: ${message}`;
}

function equalText({ places }: DuplicatePictures): string {
  return places.map(placeText).join(" = ");
}
