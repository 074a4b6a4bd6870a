// Options that commands share, and how their values are read. A value that is not allowed is wrong usage, said before any work.
import { InvalidArgumentError, Option } from "commander";
import { encoderFile } from "../node/weights-folder.ts";
import { pictureViews } from "../image/views.ts";

/** Reads a whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Reads a number that a condition allows; `rule` is the condition in words, after "It must be a number". */
export function number(rule: string, isAllowed: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && isAllowed(value)) return value;
    throw new InvalidArgumentError(`It must be a number ${rule}.`);
  };
}

/** Reads names with commas between, each once and among those that there are. */
export function namesAmong<Name extends string>(known: readonly Name[]): (text: string) => readonly Name[] {
  return (text) => {
    const names = text.split(",").map((name) => name.trim());
    if (names.every((name) => known.some((one) => one === name)) && new Set(names).size === names.length)
      return names as Name[];
    throw new InvalidArgumentError(`It must be names among ${known.join(", ")}, each once, with commas between.`);
  };
}

/** `--views`. */
export function viewsOption(): Option {
  return new Option("--views <names>", `views of a picture, with commas between: ${pictureViews.join(", ")}`)
    .argParser(namesAmong(pictureViews))
    .default([pictureViews[0]], pictureViews[0]);
}

/** `--quiet`: main.ts sees to what it means. */
export function quietOption(): Option {
  return new Option("-q, --quiet", "no progress and no notes; errors are still reported");
}

/** `--threads`. */
export function threadsOption(): Option {
  return new Option(
    "--threads <n>",
    "threads of the inference engine (default: what this machine or container has)",
  ).argParser(wholeNumber(1, 1024));
}

/** `--encoder`. */
export function encoderOption(): Option {
  return new Option(
    "--encoder <file>",
    "bundle with the encoder, or the name of one that ships or that weights fetch fetched (default: resnet50-integer, made of the one that ships)",
  ).argParser(encoderFile);
}

/** `--json`. */
export function jsonOption(description: string): Option {
  return new Option("--json", description);
}

/** `--data`. */
export function dataOption(): Option {
  return new Option(
    "--data <path>",
    "the data set: a folder as Flickr8k comes, a .jsonl or .csv file of captions, Karpathy's dataset_*.json, COCO's captions_*.json",
  ).makeOptionMandatory();
}

/** `--images`. */
export function imagesOption(): Option {
  return new Option("--images <folder>", "the folder of its pictures (default: found beside the captions)");
}

/** `--minimum-count`. */
export function minimumCountOption(): Option {
  return new Option("--minimum-count <n>", "how often a word must occur in training captions to be known")
    .default(5)
    .argParser(wholeNumber(1, 1e6));
}
