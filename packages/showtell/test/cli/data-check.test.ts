// `showtell data check`: what is wrong with a data set, for people and as JSON.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { layFiles, lists, picture, pictures, tokens } from "../node/dataset-files.ts";
import { showtell } from "./run.ts";

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "showtell-data-"));
  await layFiles(join(folder, "good"), { "Flickr8k.token.txt": tokens, ...lists, ...pictures("images") });
  await layFiles(join(folder, "bad"), {
    "Flickr8k.token.txt": `${tokens}d.jpg#0\t \ne.jpg#0\tA fish\n`,
    ...lists,
    ...pictures("images"),
    "images/c.jpg": picture("a"), // a picture of dev that is in train as well
    "images/d.jpg": "no picture",
    "images/stray.png": picture("s"),
  });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("data check", () => {
  test("counts what there is, and says so if nothing is wrong", async () => {
    const { status, stdout, stderr } = await showtell(["data", "check", "--data", "good", "--minimum-count", "1"], {
      cwd: folder,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toContain("good: 3 pictures with 4 captions\n");
    expect(stdout).toMatch(/^dev +1 +1 +2 +1 +50\.00 %$/m); // "a bird", and no bird in train
    expect(stdout).toMatch(/^train +2 +3 +3 +0 +0\.00 %$/m);
    expect(stdout).toContain('The vocabulary has 4 words: those seen at least 1 time in "train".');
    expect(stdout).toContain("Nothing is missing, broken, empty or twice.");
  });

  test("names what is wrong", async () => {
    const { status, stdout } = await showtell(["data", "check", "--data", "bad"], { cwd: folder });
    expect(status).toBe(0);
    expect(stdout).toContain("1 picture with captions but without a file:\n  e.jpg\n");
    expect(stdout).toContain(
      `1 picture that can't be read and would be left out:\n  IMAGE_FORMAT: "d.jpg" is not a picture`,
    );
    expect(stdout).toContain("1 picture file without captions:\n  stray.png\n");
    expect(stdout).toMatch(
      /1 picture in more than one split.*:\n {2}(?:a\.jpg \(train\) = c\.jpg \(dev\)|c\.jpg \(dev\) = a\.jpg \(train\))\n/,
    );
    expect(stdout).toContain("1 empty caption:\n  d.jpg#0\n");
  });

  test("as JSON has the whole report", async () => {
    const { stdout } = await showtell(["data", "check", "--data", "bad", "--json"], { cwd: folder });
    expect(JSON.parse(stdout)).toMatchObject({
      name: "bad",
      pictures: 5,
      captionsWithoutPicture: ["e.jpg"],
      picturesWithoutCaptions: ["stray.png"],
      brokenPictures: [{ image: "d.jpg", code: "IMAGE_FORMAT" }],
      emptyCaptions: [{ image: "d.jpg", index: 0 }],
      vocabulary: { split: "train", minimumCount: 5 },
    });
  });

  test("a data set that is not there is an error", async () => {
    const { status, stderr } = await showtell(["data", "check", "--data", "gone"], { cwd: folder });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error FILE_NOT_FOUND: .*gone/);
  });
});
