// `showtell caption`: pictures in, a line each out. Finding pictures is inputs.ts; captioning is node/captioner.ts.
import { basename } from "node:path";
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { areNeighbours, neighboursForetell, requireSoundSearch } from "../caption/caption-options.ts";
import { modelPaths } from "../node/captioner-files.ts";
import { requireOwnFile, requireWritable, writeFileAtomically } from "../node/files.ts";
import type { Captioner, NodeCaptionOptions } from "../node/captioner.ts";
import { loadCaptioner } from "../node/captioner.ts";
import { defaultModel } from "../node/shipped-models.ts";
import type { NamedOutcome as Outcome } from "./caption-json.ts";
import { captionJson } from "./caption-json.ts";
import type { PictureInput } from "./inputs.ts";
import { findInputs } from "./inputs.ts";
import { jsonOption, quietOption, threadsOption, wholeNumber } from "./options.ts";
import type { SearchOptions } from "./search-options.ts";
import { addSearchOptions, searchOptionsOf, steeringNotes } from "./search-options.ts";
import type { Shell } from "./shell.ts";
import { counted, oneLine } from "./wording.ts";

interface CaptionCommandOptions extends SearchOptions {
  readonly pathsFrom?: string;
  readonly limit?: number;
  readonly model?: string;
  readonly threads?: number;
  readonly json?: true;
  readonly attention?: true;
  readonly tokens?: true;
  readonly neighbours?: string;
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
  showtell caption photo.jpg --must dog --avoid "in the air" --max-length 10 --json
  showtell caption photo.jpg --prefix "two dogs" --groups 3
  showtell caption photo.jpg --consensus 20
  showtell caption photo.jpg --consensus 20 --consensus-voters neighbours --neighbours neighbours.safetensors
  showtell caption photo.jpg --neighbour-words 0.5 --beam 5 --neighbours neighbours.safetensors
  showtell caption photo.jpg --json --neighbours neighbours.safetensors
  showtell caption photo.jpg --temperature 0.8 --top-p 0.9 --candidates 5 --seed 7
  curl -s https://example.org/photo.jpg | showtell caption - --json
  find . -name "*.png" -newer list.txt | showtell caption --paths-from -`;

/** Adds `caption` to the program. */
export function addCaption(program: Command, shell: Shell): void {
  const command = program
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
    );
  addSearchOptions(command)
    .addOption(threadsOption())
    .addOption(jsonOption("print a JSON object for each picture instead"))
    .option("--tokens", "with --json: also each token with its log-probability")
    .option("--attention", "with --json: also where the model looked for each token, if it looks at places")
    .option(
      "--neighbours <file>",
      "with --json: also the training pictures that look most alike, and whether a caption is a copy; with --consensus-voters or --neighbour-words: whom these ask; a table of neighbours build",
    )
    .option("--results <file>", "also write the captions as COCO results: [{image_id: file name, caption}]")
    .addOption(quietOption())
    .addHelpText("after", `${steeringNotes}\n${notes}`)
    .action((paths: readonly string[], options: CaptionCommandOptions) => captionPictures(paths, options, shell));
}

async function captionPictures(paths: readonly string[], options: CaptionCommandOptions, shell: Shell): Promise<void> {
  const { terminal, signal } = shell;
  const attention = options.attention ?? false;
  const { neighbours } = options;
  const captioning = {
    ...searchOptionsOf(options),
    attention,
    signal,
    ...(neighbours !== undefined && options.json && { neighbours: toldNeighbours }),
  };
  if (options.tokens && !options.json) throw new ShowtellError("ARGUMENT", "--tokens are for --json: give both");
  if (attention && !options.json) throw new ShowtellError("ARGUMENT", "--attention is for --json: give both");
  const voting = areNeighbours(options.consensusVoters);
  const asked = voting ? "--consensus-voters" : neighboursForetell(options) ? "--neighbour-words" : undefined;
  if (neighbours !== undefined && !options.json && asked === undefined)
    throw new ShowtellError(
      "ARGUMENT",
      "--neighbours are for --json, to vote or to foretell words: give one of --json, --consensus-voters and --neighbour-words, too",
    );
  if (neighbours === undefined && asked !== undefined)
    throw new ShowtellError(
      "ARGUMENT",
      `${asked} asks training pictures here: name their table with --neighbours (showtell neighbours build makes one)`,
    );
  requireSoundSearch(captioning);
  const found = await findInputs({
    paths,
    pathsFrom: options.pathsFrom,
    onFound: (name, pictures) => terminal.note(`${oneLine(name)}: ${counted(pictures, "picture")}`),
    signal,
  });
  const inputs = found.slice(0, options.limit);
  if (options.results !== undefined) {
    requireOwnNames(inputs);
    await requireWritable(options.results);
    await requireOwnFile(options.results, await filesRead(found, options), "the results");
  }

  const progress = terminal.progress("captioning", inputs.length, { unit: "pictures" });
  const results: { image_id: string; caption: string }[] = [];
  let [done, failed, abstained] = [0, 0, 0];
  let captioner: Captioner | undefined;
  try {
    captioner = await loadCaptioner(definedOnly({ model: options.model, threads: options.threads, neighbours }));
    for await (const outcome of outcomesOf(captioner, inputs, captioning)) {
      await show(outcome, options, shell);
      if ("error" in outcome) failed++;
      else if (outcome.result.abstained) abstained++;
      else results.push({ image_id: basename(outcome.name), caption: outcome.result.caption });
      progress.update(++done);
    }
  } finally {
    progress.stop();
    await captioner?.dispose();
  }
  if (options.results !== undefined) await writeFileAtomically(options.results, `${JSON.stringify(results)}\n`);
  const silent = abstained > 0 ? `, ${abstained} abstained from` : "";
  if (inputs.length > 1) terminal.note(`${counted(results.length, "picture")} captioned${silent}, ${failed} failed`);
  if (failed > 0) shell.fail();
}

/** Refuses pictures that results would not tell apart: they go by the names of their files there. @throws ShowtellError `ARGUMENT`. */
function requireOwnNames(inputs: readonly PictureInput[]): void {
  const places = new Map<string, string>();
  for (const input of inputs) {
    if ("error" in input) continue;
    const file = basename(input.name);
    const other = places.get(file);
    if (other !== undefined)
      throw new ShowtellError(
        "ARGUMENT",
        `"${other}" and "${input.name}" would both be "${file}" in --results: caption them in two calls, or leave one out`,
      );
    places.set(file, input.name);
  }
}

/** All files that captioning reads but for encoders. */
async function filesRead(
  found: readonly PictureInput[],
  { model = defaultModel, neighbours, pathsFrom }: CaptionCommandOptions,
): Promise<readonly string[]> {
  const pictures = found.flatMap((input) =>
    "source" in input && typeof input.source === "string" ? input.source : [],
  );
  const others = [neighbours, pathsFrom].filter((file) => file !== undefined);
  return [...pictures, ...others, ...(await modelPaths(model))];
}

/** Training pictures that are told of for each picture. */
const toldNeighbours = 5;

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

async function show(
  outcome: Outcome,
  { json, tokens, abstainBelow }: CaptionCommandOptions,
  { terminal }: Shell,
): Promise<void> {
  if (json) {
    await terminal.print(JSON.stringify(captionJson(outcome, { tokens: tokens === true, abstainBelow })));
  } else if ("error" in outcome) {
    terminal.error(outcome.error);
  } else {
    if (outcome.result.abstained) {
      await terminal.print(`${oneLine(outcome.name)}\t`);
      return;
    }
    for (const candidate of outcome.result.candidates) {
      await terminal.print(`${oneLine(outcome.name)}\t${oneLine(candidate.caption)}`);
    }
  }
}
