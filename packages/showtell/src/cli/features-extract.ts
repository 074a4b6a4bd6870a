// `showtell features extract`: the features of pictures into the cache, ahead of training. The work is node/feature-extraction.ts.
import { type Command, Option } from "commander";
import { ShowtellError } from "../base/errors.ts";
import type { PictureView } from "../image/views.ts";
import type { FeatureLayer } from "../models/encoder.ts";
import { decoderNamed } from "../models/catalogue.ts";
import { layerNames } from "../models/encoder-graph.ts";
import { readEncoderFile } from "../node/bundle-files.ts";
import { integerEncoderFile } from "../node/weights-folder.ts";
import { defaultDecoder } from "../node/training-request.ts";
import { openDataset, picturePath } from "../node/dataset-folder.ts";
import { picturesIn } from "./inputs.ts";
import { encoderOption, namesAmong, quietOption, threadsOption, viewsOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { counted, fieldLines } from "./wording.ts";

interface ExtractOptions {
  readonly data?: string;
  readonly images?: string;
  readonly encoder?: string;
  readonly layer: readonly FeatureLayer[];
  readonly views: readonly PictureView[];
  readonly threads?: number;
}

const notes = `
Features lie in the cache folder (SHOWTELL_CACHE names another one) and are found by what a picture file holds, not by its name;
each encoder, layer and view has files of its own. What is there is not computed again, so that this can be stopped and started. The network
runs once for a picture and view, however many layers are named. Which layers an encoder has and how large they are: showtell weights
list. Of ResNet-50, a picture has 4 kB of pooled features, and 200 kB as a grid.

A view is how a picture is looked at, for training with more than the pictures that there are: plain, flipped (left and right exchanged),
or a crop of seven eighths of each side.

Exit status: 0 if there are features of every picture, 1 if one could not be read (the reason is on standard error).

Examples:
  showtell features extract --data flickr8k
  showtell features extract --images photos --layer pooled
  showtell features extract --data flickr8k --layer pooled,grid --views plain,flipped`;

/** What the default of `train` reads. */
const defaultLayer = decoderNamed(defaultDecoder).layer;

/** Adds `extract` to the group `features`. */
export function addFeaturesExtract(group: Command, shell: Shell): void {
  group
    .command("extract")
    .summary("compute the features of pictures ahead of training")
    .description("Compute the features of pictures, and keep them in the cache, where training finds them.")
    .option("--data <path>", "the pictures of a data set: those in its splits, or all if it has none")
    .option(
      "--images <folder>",
      "with --data the folder of its pictures, without it all pictures in the folder and below",
    )
    .addOption(encoderOption())
    .addOption(
      new Option("--layer <names>", `which features, with commas between: ${layerNames.join(", ")}`)
        .argParser(namesAmong(layerNames))
        .default([defaultLayer], `${defaultLayer}, which the decoder reads that train trains by default`),
    )
    .addOption(viewsOption())
    .addOption(threadsOption())
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: ExtractOptions) => extract(options, shell));
}

async function extract(options: ExtractOptions, shell: Shell): Promise<void> {
  const { terminal, signal } = shell;
  const { layer: layers, views, threads } = options;
  const pictures = await picturesOf(options);
  const { encoder } = await readEncoderFile(options.encoder ?? integerEncoderFile());
  const { extractFeatureSets } = await import("../node/feature-extraction.ts");
  const { sessionsWith } = await import("../node/ort-session.ts");
  const bar = terminal.progress("features", pictures.length, { unit: "pictures" });
  let broken = 0;
  let cached = 0;
  try {
    const { sets } = await extractFeatureSets({
      pictures,
      encoder,
      layers,
      views,
      openSession: sessionsWith(threads),
      onProgress(progress) {
        cached = progress.cached;
        bar.update(progress.done, { secondsLeft: progress.secondsLeft });
      },
      onBroken(_path, error) {
        broken++;
        terminal.error(error);
      },
      signal,
    });
    await Promise.all(sets.map(({ cache }) => cache.close()));
    bar.stop();
    const computed = pictures.length - cached - broken;
    await terminal.print(
      ...fieldLines([
        ["pictures", `${pictures.length} (${computed} computed, ${cached} were there, ${broken} failed)`],
        ...sets.map(({ cache }) => ["folder", `${cache.folder} (${counted(cache.size, "row")})`] as const),
      ]),
    );
  } finally {
    bar.stop();
  }
  if (broken > 0) shell.fail();
}

async function picturesOf({ data, images }: ExtractOptions): Promise<readonly string[]> {
  if (data === undefined && images === undefined) {
    throw new ShowtellError("ARGUMENT", "no pictures are named: give --data or --images");
  }
  if (data === undefined) {
    const found = await picturesIn(images!);
    if (found.length === 0) throw new ShowtellError("DATA_EMPTY", `"${images}" has no picture in it or below`);
    return found;
  }
  const dataset = await openDataset(data, images === undefined ? {} : { images });
  const listed = new Set(dataset.splits.flatMap((split) => dataset.listed(split)));
  const names = listed.size > 0 ? [...listed] : dataset.records.map(({ image }) => image);
  return names.map((name) => picturePath(dataset, name));
}
