// `showtell neighbours build`: a table of training pictures and captions, which captions are held against. The work is node/neighbours.ts.
import type { Command } from "commander";
import { defaultModel } from "../node/shipped-models.ts";
import { jsonOption, quietOption, threadsOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { counted, fieldLines } from "./wording.ts";

interface BuildOptions {
  readonly data: string;
  readonly images?: string;
  readonly split: string;
  readonly model: string;
  readonly out: string;
  readonly threads?: number;
  readonly json?: true;
}

const notes = `
With the table, caption and serve tell which training pictures a photo looks like, with what people said of them, and whether a caption
stands in the training data word for word, and let them vote on captions. The table holds the captions of the data set: it is for this
machine, and under the data set's licence. It also holds a matcher, which learns from them how well a caption fits a picture; that takes
under a minute for Flickr8k. Features that the cache has (training leaves them there) are not computed again; a picture takes 4 kB of the
table, the matcher some 5 MB.

Exit status: 0 if there are features of every picture, 1 if one could not be read (the reason is on standard error; it is left out).

Examples:
  showtell neighbours build --data flickr8k -o neighbours.safetensors
  showtell caption photo.jpg --json --neighbours neighbours.safetensors
  showtell caption photo.jpg --neighbours neighbours.safetensors --consensus 20 --consensus-voters neighbours-and-matcher
  showtell serve --neighbours neighbours.safetensors`;

/** Adds `build` to the group `neighbours`. */
export function addNeighboursBuild(group: Command, shell: Shell): void {
  group
    .command("build")
    .summary("make the table of training pictures that captions are held against")
    .description(
      "Make a table of a data set's pictures, by their features, and their captions, and learn how these fit those.",
    )
    .requiredOption("--data <path>", "folder or file of the data set that the model was trained on")
    .option("--images <folder>", "the folder of its pictures, if it lies elsewhere")
    .option("--split <name>", "which of its splits", "train")
    .option("-m, --model <file>", "the model whose captions will be held against it", defaultModel)
    .requiredOption("-o, --out <file>", "where to write the table")
    .addOption(threadsOption())
    .addOption(jsonOption("print what was written as JSON"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: BuildOptions) => build(options, shell));
}

async function build({ threads, json, ...options }: BuildOptions, shell: Shell): Promise<void> {
  const { terminal, signal } = shell;
  const { buildNeighbours } = await import("../node/neighbours.ts");
  const { sessionsWith } = await import("../node/ort-session.ts");
  let bar: ReturnType<typeof terminal.progress> | undefined;
  let learning: typeof bar;
  let broken = 0;
  try {
    const { pictures, vectors, matcher, encoder, layer, data } = await buildNeighbours({
      ...options,
      openSession: sessionsWith(threads),
      signal,
      onFeatures({ done, total, secondsLeft }) {
        bar ??= terminal.progress("features", total, { unit: "pictures" });
        bar.update(done, { secondsLeft });
      },
      onBroken(_path, error) {
        broken++;
        terminal.error(error);
      },
      onLearned(done, total) {
        bar?.stop();
        learning ??= terminal.progress("matcher", total, { unit: "steps" });
        learning.update(done);
      },
    });
    bar?.stop();
    learning?.stop();
    const captions = pictures.reduce((sum, one) => sum + one.captions.length, 0);
    const written = {
      out: options.out,
      pictures: pictures.length,
      captions,
      channels: vectors.shape[1]!,
      matcherWords: matcher?.words.length ?? 0,
      encoder,
      layer,
      data,
    };
    if (json) await terminal.print(JSON.stringify(written));
    else {
      await terminal.print(
        ...fieldLines([
          ["table", options.out],
          [
            "pictures",
            `${counted(pictures.length, "picture")} of ${data.name}, ${data.split}; ${counted(captions, "caption")}`,
          ],
          ["features", `${layer} of ${encoder.name}, ${written.channels} numbers each`],
          [
            "matcher",
            matcher ? `of ${counted(matcher.words.length, "word")}` : "none: hardly a word occurs four times",
          ],
        ]),
      );
    }
  } finally {
    bar?.stop();
    learning?.stop();
  }
  if (broken > 0) shell.fail();
}
