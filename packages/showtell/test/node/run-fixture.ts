// Folders as training runs leave them, written in a moment: for what shows runs and trains none.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** An epoch's line of a history; losses fall and scores rise with it. */
export function epochLine(epoch: number, quality = 1, isRewarded = false): object {
  return {
    kind: "epoch",
    epoch,
    step: 10 * epoch,
    train: { loss: 4 / epoch / quality, accuracy: 0.1 * epoch, ...(isRewarded && { reward: 0.2 * epoch }) },
    dev: { loss: 5 / epoch / quality, accuracy: 0.08 * epoch },
    scores: { CIDEr: 0.1 * epoch * quality, "BLEU-4": 0.05 * epoch },
    best: true,
    learningRate: 0.001,
    captionsPerSecond: 1000 * quality,
    seconds: 30,
    residentBytes: 1e9,
  };
}

/** Lines of JSON, each ended. */
function lines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

/** What a run is written with. */
export interface RunFixture {
  readonly epochs: number;
  readonly planned?: number;
  readonly quality?: number;
  /** Whether rewards were learnt from; default: not. */
  readonly isRewarded?: boolean;
  /** Why it ended; default: it did not. */
  readonly reason?: string;
}

/** Writes a run's folder and gives its path. */
export async function writeRun(
  folder: string,
  name: string,
  { epochs, planned = 10, quality = 1, isRewarded = false, reason }: RunFixture,
): Promise<string> {
  const run = join(folder, name);
  await mkdir(run, { recursive: true });
  const description = {
    writer: "showtell test",
    options: { decoder: "show-and-tell", training: { epochs: planned, seed: 1 } },
    data: { name: "colours", path: "/nowhere", hash: "0".repeat(64), pictures: 6 },
  };
  await writeFile(join(run, "run.json"), JSON.stringify(description));
  const done = Array.from({ length: epochs }, (_, i) => epochLine(i + 1, quality, isRewarded));
  const end = reason === undefined ? [] : [{ kind: "end", step: 10 * epochs, reason }];
  await writeFile(join(run, "history.jsonl"), lines([{ kind: "start", step: 0 }, ...done, ...end]));
  const samples = Array.from({ length: epochs }, (_, i) => ({
    kind: "sample",
    step: 10 * (i + 1),
    epoch: i + 1,
    image: "red.png",
    caption: `${name} says red ${i + 1}`,
    reference: "a red picture",
  }));
  await writeFile(join(run, "samples.jsonl"), lines(samples));
  return run;
}
