// `showtell caption`: pictures in, a line each out. Finding pictures is inputs.ts; captioning is node/captioner.ts.
import { basename } from "node:path";
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { requireWritable, writeFileAtomically } from "../node/files.ts";
import type { CaptionResult } from "../caption/threaded-captioner.ts";
import type { Captioner, NodeCaptionOptions } from "../node/captioner.ts";
import { loadCaptioner } from "../node/captioner.ts";
import type { PlainError } from "../base/errors.ts";
import type { PictureInput } from "./inputs.ts";
import { findInputs } from "./inputs.ts";
import { jsonOption, number, quietOption, threadsOption, wholeNumber } from "./options.ts";
import type { Shell } from "./shell.ts";
import { counted, oneLine } from "./wording.ts";

interface CaptionCommandOptions {
  readonly pathsFrom?: string;
  readonly limit?: number;
  readonly model?: string;
  readonly beam?: number;
  readonly candidates?: number;
  readonly temperature?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly json?: true;
  readonly results?: string;
}

const notes = `
Output: a line for each picture, its path and its caption with a tab between them, in the order of the pictures. With several
candidates a picture has that many lines, the best first. Control characters in names are written as \\t, \\n or \\u001b; --json
gives names as they are.

Exit status: 0 if every picture was captioned, 1 if one could not be (the reason is on standard error), 2 for wrong usage,
130 after Ctrl-C.

Examples:
  showtell caption photo.jpg
  showtell caption holiday/ --results captions.json
  showtell caption "photos/*.jpg" --beam 5 --candidates 3
  showtell caption photo.jpg --model a.safetensors,b.safetensors,c.safetensors
  showtell caption photo.jpg --temperature 0.8 --candidates 5 --seed 7
  curl -s https://example.org/photo.jpg | showtell caption - --json
  find . -name "*.png" -newer list.txt | showtell caption --paths-from -`;

/** Adds `caption` to the program. */
export function addCaption(program: Command, shell: Shell): void {
  program
    .command("caption")
    .summary("caption pictures")
    .description(
      "Caption pictures: JPEG, PNG, WebP, GIF and TIFF (first frame), AVIF. What a file holds decides, not its name.",
    )
    .argument("[path...]", "files, folders (with all below), globs, or - for one picture from standard input")
    .option("--paths-from <file>", "also read paths from a file, one a line; - is standard input")
    .option("--limit <n>", "only the first n pictures", wholeNumber(1, 1e9))
    .option(
      "-m, --model <files>",
      "bundle to caption with; several, with commas between, caption together (default: the one that ships)",
    )
    .option(
      "--beam <n>",
      "sentences followed at a time; 1 is greedy (default: the bundle's, 3 as shipped)",
      wholeNumber(1, 1000),
    )
    .option(
      "--candidates <n>",
      "captions for each picture; the beam is at least as wide (default: 1)",
      wholeNumber(1, 1000),
    )
    .option(
      "--temperature <t>",
      "draw captions at random instead: below 1 likelier words, above 1 odder ones",
      number("above 0", (t) => t > 0),
    )
    .option("--seed <n>", "seed of the drawing (default: 1)", wholeNumber(0, 2 ** 32 - 1))
    .addOption(threadsOption())
    .addOption(jsonOption("print a JSON object for each picture instead"))
    .option("--results <file>", "also write the captions as COCO results: [{image_id: file name, caption}]")
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((paths: readonly string[], options: CaptionCommandOptions) => captionPictures(paths, options, shell));
}

/** What became of an input. */
type Outcome =
  | { readonly name: string; readonly result: CaptionResult }
  | { readonly name: string; readonly error: PlainError };

async function captionPictures(paths: readonly string[], options: CaptionCommandOptions, shell: Shell): Promise<void> {
  const { terminal, signal } = shell;
  if (options.temperature !== undefined && options.beam !== undefined) {
    throw new ShowtellError("ARGUMENT", "--beam searches and --temperature draws: give one of them");
  }
  const found = await findInputs({
    paths,
    pathsFrom: options.pathsFrom,
    onFound: (name, pictures) => terminal.note(`${oneLine(name)}: ${counted(pictures, "picture")}`),
    signal,
  });
  const inputs = found.slice(0, options.limit);
  if (options.results !== undefined) await requireWritable(options.results);

  const progress = terminal.progress("captioning", inputs.length, { unit: "pictures" });
  const results: { image_id: string; caption: string }[] = [];
  let done = 0;
  let captioner: Captioner | undefined;
  try {
    captioner = await loadCaptioner(definedOnly({ model: options.model, threads: options.threads }));
    for await (const outcome of outcomesOf(captioner, inputs, { ...searchOptions(options), signal })) {
      await show(outcome, options, shell);
      if ("result" in outcome) results.push({ image_id: basename(outcome.name), caption: outcome.result.caption });
      progress.update(++done);
    }
  } finally {
    progress.stop();
    await captioner?.dispose();
  }
  if (options.results !== undefined) await writeFileAtomically(options.results, `${JSON.stringify(results)}\n`);
  const failed = inputs.length - results.length;
  if (inputs.length > 1) terminal.note(`${counted(results.length, "picture")} captioned, ${failed} failed`);
  if (failed > 0) shell.fail();
}

function searchOptions({ beam, candidates, temperature, seed }: CaptionCommandOptions): NodeCaptionOptions {
  return definedOnly({ beam, candidates, temperature, seed });
}

/** The fields that have a value: an option that was not given is left to the library's default. */
function definedOnly<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}

/** The outcome of each input, in order; the pictures among them go through the captioner as one stream. */
async function* outcomesOf(
  captioner: Captioner,
  inputs: readonly PictureInput[],
  options: NodeCaptionOptions,
): AsyncGenerator<Outcome, void, undefined> {
  const sources = inputs.flatMap((input) => ("source" in input ? [input.source] : []));
  const captioned = captioner.captionAll(sources, options);
  for (const input of inputs) {
    if ("error" in input) {
      yield input;
      continue;
    }
    const { value } = await captioned.next();
    if (value === undefined) throw new ShowtellError("INTERNAL", "fewer captions than pictures came back");
    yield { ...value, name: input.name };
  }
}

async function show(outcome: Outcome, { json }: CaptionCommandOptions, { terminal }: Shell): Promise<void> {
  if (json) {
    await terminal.print(JSON.stringify(jsonOf(outcome)));
  } else if ("error" in outcome) {
    terminal.error(outcome.error);
  } else {
    for (const candidate of outcome.result.candidates) {
      await terminal.print(`${oneLine(outcome.name)}\t${oneLine(candidate.caption)}`);
    }
  }
}

function jsonOf(outcome: Outcome): object {
  if ("error" in outcome) return { image: outcome.name, error: outcome.error };
  const { caption, logProbability, score, candidates, model } = outcome.result;
  return {
    image: outcome.name,
    caption,
    logProbability,
    score,
    candidates: candidates.map((candidate) => ({
      caption: candidate.caption,
      logProbability: candidate.logProbability,
      score: candidate.score,
    })),
    model,
  };
}
