// Options of how captions are searched, steered or drawn, for every command that captions. Knows no pictures and no output.
import { type Command, Option } from "commander";
import type { CaptionOptions } from "../caption/caption-options.ts";
import { mostNeighbourWords } from "../caption/caption-options.ts";
import { consensusChoices } from "../caption/consensus.ts";
import { number, wholeNumber } from "./options.ts";

/** What {@link addSearchOptions} reads. */
export type SearchOptions = Omit<CaptionOptions, "signal" | "onPartial" | "attention" | "neighbours">;

/** What help says of steering, below a command's own notes. */
export const steeringNotes = `
Steering: the words of --must, --avoid and --prefix are read as captions are tokenised: lower case, "man's" as two words, and no other
forms of a word are meant. --beam hypotheses are kept for each number of words that are there of those that must be. With
--json each caption says what steering cost: the log-probability of the best caption without it, less its own (not with --neighbour-words).

Abstaining: a bundle that \`showtell calibrate\` has taught tells the probability that a caption is good. Where it is too low, the caption is
empty, or null with --json and "abstained" says why; --abstain-below 0 shows probabilities only.`;

const names = [
  "beam",
  "candidates",
  "must",
  "avoid",
  "prefix",
  "minLength",
  "maxLength",
  "groups",
  "diversity",
  "consensus",
  "consensusWeights",
  "consensusFrom",
  "consensusVoters",
  "neighbourWords",
  "abstainBelow",
  "temperature",
  "topK",
  "topP",
  "seed",
] as const satisfies readonly (keyof SearchOptions)[];

/** An option that may be given several times. */
function gathered(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Adds the options on what captions are to have in common with others to a command. */
export function addAgreementOptions(command: Command): Command {
  return command
    .option(
      "--consensus <n>",
      "find n captions and rank them by how much they agree with each other, in CIDEr-D",
      wholeNumber(2, 1000),
    )
    .addOption(
      new Option("--consensus-weights <how>", "how much each of the n counts (default: uniform)").choices(
        consensusChoices.consensusWeights,
      ),
    )
    .addOption(
      new Option(
        "--consensus-from <whom>",
        "of several models: they find the n captions together, or n each and all are ranked (default: ensemble)",
      ).choices(consensusChoices.consensusFrom),
    )
    .addOption(
      new Option(
        "--consensus-voters <who>",
        "whom the n are to agree with: each other, or what people said of the training pictures that look most alike, alone or with what a matcher of words and pictures learnt from all of them, which is best (default: captions)",
      ).choices(consensusChoices.consensusVoters),
    )
    .option(
      "--neighbour-words <weight>",
      "how much it counts in the search how likely a word is by what people said of the training pictures that look most alike; 0.5 is good (default: 0)",
      number(`from 0 to ${mostNeighbourWords}`, (weight) => weight >= 0 && weight <= mostNeighbourWords),
    );
}

/** Adds the options to a command. */
export function addSearchOptions(command: Command): Command {
  return addAgreementOptions(command)
    .option(
      "--beam <n>",
      "sentences followed at a time; 1 is greedy (default: the bundle's, 3 as shipped)",
      wholeNumber(1, 1000),
    )
    .option(
      "--candidates <n>",
      "captions for each picture; the beam is at least as wide (default: 1, or the groups)",
      wholeNumber(1, 1000),
    )
    .option("--must <words>", "a word or phrase that must appear; may be given several times", gathered)
    .option("--avoid <words>", "a word or phrase that must not appear; may be given several times", gathered)
    .option("--prefix <words>", "how captions begin")
    .option("--min-length <n>", "fewest words of a caption", wholeNumber(0, 1000))
    .option("--max-length <n>", "most words of a caption (default: what the bundle allows)", wholeNumber(1, 1000))
    .option("--groups <n>", "groups of captions that are kept apart, to say different things", wholeNumber(1, 1000))
    .option(
      "--diversity <d>",
      "how strongly groups are kept apart (default: 0.5)",
      number("from 0 upwards", (d) => d >= 0),
    )
    .option(
      "--abstain-below <p>",
      "say nothing of a picture where the caption is good with less than this probability",
      number("from 0 to 1", (p) => p >= 0 && p <= 1),
    )
    .option(
      "--temperature <t>",
      "draw captions at random instead: below 1 likelier words, above 1 odder ones",
      number("above 0", (t) => t > 0),
    )
    .option("--top-k <n>", "draw from the n likeliest words only", wholeNumber(1, 1e6))
    .option(
      "--top-p <p>",
      "draw from the fewest likeliest words that have this probability together",
      number("above 0 and at most 1", (p) => p > 0 && p <= 1),
    )
    .option("--seed <n>", "seed of the drawing (default: 1)", wholeNumber(0, 2 ** 32 - 1));
}

/** The options that were given; one that was not is left to the library's default. */
export function searchOptionsOf(options: SearchOptions): SearchOptions {
  return given(options, names);
}

function given<Options extends object>(options: Options, among: readonly (keyof Options)[]): Options {
  const said = among.filter((name) => options[name] !== undefined);
  return Object.fromEntries(said.map((name) => [name, options[name]])) as Options;
}
