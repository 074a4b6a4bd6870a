// Fine-tuning conv5 with a decoder on pictures of one colour: what learns, what stays, and that the file it leaves captions by itself.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCaptioner, readBundleFile, trainCaptioner } from "showtell/node";
import type { TrainingRequest } from "showtell/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asFloat32 } from "../../src/bundle/precision.ts";
import { defaultEncoder } from "../../src/node/shipped-models.ts";
import { bytesOf } from "../../src/base/tensor.ts";
import { colourRun, writeColourData } from "./training-fixture.ts";

let folder: string;
let tuned: TrainingRequest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-tuning-"));
  await writeColourData(folder);
  const first = colourRun(folder, "first");
  await trainCaptioner(first);
  tuned = colourRun(folder, "tuned", {
    init: join(folder, "first", "best.safetensors"),
    fineTune: { stage: "conv5", learningRate: 1e-4 },
    training: { ...first.training, epochs: 2, checkpointSteps: 100, schedule: { kind: "constant", peak: 0.01 } },
  });
  await trainCaptioner(tuned);
}, 600_000);

afterAll(() => rm(folder, { recursive: true }));

async function epochsOf(run: string): Promise<readonly { readonly train: { readonly loss: number } }[]> {
  const lines = (await readFile(join(folder, run, "history.jsonl"), "utf8")).trimEnd().split("\n");
  return lines
    .map((line) => JSON.parse(line) as { kind: string; train: { loss: number } })
    .filter(({ kind }) => kind === "epoch");
}

describe("a run that fine-tunes conv5", () => {
  test("goes on from the decoder that it starts from, and fits the few pictures", async () => {
    const [before, after] = [await epochsOf("first"), await epochsOf("tuned")];
    expect(after[0]!.train.loss).toBeLessThan(before[0]!.train.loss);
    expect(after.at(-1)!.train.loss).toBeLessThan(before.at(-1)!.train.loss);
  });

  test("changes every tensor of conv5 a little, and no other", async () => {
    const { encoder, manifest } = await readBundleFile(join(folder, "tuned", "best.safetensors"));
    expect(manifest.training).toMatchObject({ options: { fineTune: { stage: "conv5", learningRate: 1e-4 } } });
    const base = (await readBundleFile(defaultEncoder)).encoder!;
    expect(encoder!.manifest.identity).not.toBe(base.manifest.identity);
    for (const [name, value] of base.tensors) {
      if (name.endsWith(".scale")) continue;
      const found = encoder!.tensors.get(name)!;
      if (!name.startsWith("conv5.")) {
        expect(Buffer.compare(bytesOf(found), bytesOf(value)), name).toBe(0);
        continue;
      }
      expect(found.dtype).toBe("float32");
      const [now, was] = [asFloat32(encoder!.tensors, name).data, asFloat32(base.tensors, name).data];
      const moved = now.reduce((most, weight, i) => Math.max(most, Math.abs(weight - was[i]!)), 0);
      expect(moved, name).toBeGreaterThan(0);
      // Adam moves a weight by little more than the rate a step: six steps were taken.
      expect(moved, name).toBeLessThan(6 * 3e-4);
    }
  });

  test("leaves one file that captions by itself, and says how its encoder came about", async () => {
    const path = join(folder, "tuned", "best.safetensors");
    const { manifest, decoder } = await readBundleFile(path);
    expect(decoder!.manifest.encoder.identity).toBe(manifest.encoder!.identity);
    expect(manifest.licences.find(({ part }) => part === "encoder")!.note).toMatch(/^Changed by showtell: conv5 was/);
    const captioner = await loadCaptioner({ model: path });
    const outcome = await captioner.caption(join(folder, "images", "red-dev.png"));
    await captioner.dispose();
    expect(outcome).toMatchObject({ caption: expect.stringContaining("red") });
  });

  test("is resumed with its encoder's weights and moments", async () => {
    await trainCaptioner({ ...tuned, resume: true, training: { ...tuned.training } });
    expect(await epochsOf("tuned")).toHaveLength(2);
  });
});

test("a stage that the encoder has not, or rewards to learn from, are refused", async () => {
  const other = { ...tuned, out: join(folder, "refused") };
  const fineTune = { stage: "conv2", learningRate: 1e-4 };
  await expect(trainCaptioner({ ...other, fineTune })).rejects.toMatchObject({
    code: "ARGUMENT",
    message: 'ResNet-50 has no stage "conv2" that can be fine-tuned: name one of conv5',
  });
  const objective = { kind: "self-critical", baseline: "others", sharpening: 1 } as const;
  const rewarded = { ...other, training: { ...tuned.training, captionsPerPicture: 2, objective } };
  await expect(trainCaptioner(rewarded)).rejects.toMatchObject({
    code: "ARGUMENT",
    message: expect.stringContaining("--fine-tune learns from true captions only"),
  });
});
