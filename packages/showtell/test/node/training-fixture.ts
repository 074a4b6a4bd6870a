// A data set that trains in seconds: pictures of one colour with captions that say so, written to a temporary folder.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { defaultTraining, defaultTrainingOptions } from "showtell/node";
import type { TrainingRequest } from "showtell/node";
import { defaultEncoder } from "../../src/node/shipped-models.ts";

type Colours = Readonly<Record<string, readonly [number, number, number]>>;

const colours: Colours = {
  red: [220, 30, 30],
  green: [30, 200, 40],
  blue: [30, 60, 220],
  yellow: [230, 220, 40],
  white: [250, 250, 250],
  black: [5, 5, 5],
};

/** Colours that a model does not know which was trained on the others. */
export const newColours: Colours = { purple: [130, 20, 150], orange: [250, 140, 10] };

/** Writes pictures and captions; the folder then is what `data` takes. */
export async function writeColourData(folder: string, shown: Colours = colours): Promise<void> {
  await mkdir(join(folder, "images"), { recursive: true });
  const lines: string[] = [];
  for (const [name, [r, g, b]] of Object.entries(shown)) {
    for (const [split, size] of [
      ["train", 48],
      ["dev", 64],
    ] as const) {
      const image = `${name}-${split}.png`;
      const picture = sharp({ create: { width: size, height: size, channels: 3, background: { r, g, b } } });
      await picture.png().toFile(join(folder, "images", image));
      lines.push(JSON.stringify({ image, captions: [`a ${name} picture`, `all of this is ${name}`], split }));
    }
  }
  await writeFile(join(folder, "captions.jsonl"), `${lines.join("\n")}\n`);
}

/** A small run on that data; `folder` holds data, features and runs. */
export function colourRun(folder: string, name: string, changes: Partial<TrainingRequest> = {}): TrainingRequest {
  const defaults = defaultTraining("show-and-tell");
  return {
    ...defaults,
    data: join(folder, "captions.jsonl"),
    images: join(folder, "images"),
    out: join(folder, name),
    cache: join(folder, "features"),
    encoder: defaultEncoder,
    threads: 1,
    minimumCount: 1,
    embeddings: "random",
    embeddingSize: 16,
    // Little dropout, so that a few steps are enough to say colours.
    decoderOptions: { hiddenSize: 32, dropout: { features: 0, input: 0.1, output: 0 } },
    training: {
      ...defaultTrainingOptions,
      batchSize: 4,
      epochs: 12,
      patience: 12,
      checkpointSteps: 2,
      schedule: { kind: "constant", peak: 0.02 },
    },
    ...changes,
  };
}
