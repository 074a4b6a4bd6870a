// What `showtell train` says of a model that learned on, and which it refuses.
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { adaptationFields, oldDataOf } from "../../src/cli/learning-on-options.ts";
import type { Adaptation } from "../../src/train/adaptation.ts";
import { rememberedOf, requireAccepted } from "../../src/train/adaptation.ts";
import { writeColourData } from "../node/training-fixture.ts";
import { showtell } from "./run.ts";
import { writeSmallModel } from "./tiny-model.ts";

const scores = (cider: number): { readonly CIDEr: number; readonly "BLEU-4": number } => ({
  CIDEr: cider,
  "BLEU-4": 0.2,
});

/** A model that gained on surf and lost on Flickr8k, where it may lose so much. */
function adaptation(mostForgotten: number): Adaptation {
  const old = { data: "flickr8k", pictures: 1000, before: scores(0.6), after: scores(0.57) };
  return {
    before: "a",
    after: "b",
    addedWords: ["surfer", "wave"],
    learned: { data: "surf", pictures: 30, before: scores(0.3), after: scores(0.55) },
    remembered: rememberedOf(old, mostForgotten),
  };
}

describe("a model that learned on", () => {
  test("is refused if it lost more than it may, with what to do about it", () => {
    expect(() => requireAccepted(adaptation(0.02), "runs/x/not-accepted.safetensors")).toThrow(
      expect.objectContaining({
        code: "FORGOTTEN",
        message: expect.stringMatching(
          /lost 3\.0 CIDEr .*"flickr8k", and may lose 2\.0: .*not-accepted.*--old-share/,
        ) as string,
      }),
    );
    expect(() => requireAccepted(adaptation(0.04), "runs/x/best.safetensors")).not.toThrow();
  });

  test("is told of with both scores, or that nothing was checked", () => {
    expect(adaptationFields(adaptation(0.04))).toEqual([
      ["words", "2 new: surfer wave"],
      ["learned", "surf dev (30 pictures): CIDEr 30.0, BLEU-4 20.0 before, CIDEr 55.0, BLEU-4 20.0 now"],
      ["remembered", "flickr8k dev (1,000 pictures): CIDEr 60.0, BLEU-4 20.0 before, CIDEr 57.0, BLEU-4 20.0 now"],
    ]);
    const { remembered: _, ...unchecked } = adaptation(0.04);
    expect(adaptationFields({ ...unchecked, addedWords: [] }).at(-1)![1]).toContain("--old-data");
  });
});

describe("old data", () => {
  test("is mixed in and watched as the options say", () => {
    const options = { init: "a", oldData: "flickr8k", oldImages: "photos", oldShare: 0.3, mostForgotten: 0.01 };
    expect(oldDataOf(options)).toEqual({ data: "flickr8k", images: "photos", share: 0.3, mostForgotten: 0.01 });
    expect(oldDataOf({ oldShare: 0.5, mostForgotten: 0.02 })).toBeUndefined();
  });

  test("without a model that could forget it is wrong usage", async () => {
    const { status, stderr } = await showtell(["train", "--data", "new", "--out", "never", "--old-data", "flickr8k"]);
    expect([status, stderr]).toEqual([2, expect.stringContaining("--init") as string]);
  });
});

test("a model that learns on reads its own encoder's features where none is named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "showtell-learning-on-"));
  try {
    await writeColourData(folder);
    await writeSmallModel(join(folder, "small.safetensors"));
    const told = ["--data", "captions.jsonl", "--images", "images", "--init", "small.safetensors", "--out", "run"];
    const options = ["--decoder", "show-and-tell", "--epochs", "1", "--select", "loss", "--threads", "1"];
    const environment = { SHOWTELL_CACHE: join(folder, "cache") };
    const { status, stderr } = await showtell(["train", ...told, ...options], { cwd: folder, environment });
    expect([status, stderr]).toEqual([0, expect.any(String)]);
    const { options: kept } = JSON.parse(readFileSync(join(folder, "run", "run.json"), "utf8")) as {
      readonly options: { readonly encoder: string };
    };
    expect(kept.encoder).toBe(join(realpathSync(folder), "small.safetensors"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
