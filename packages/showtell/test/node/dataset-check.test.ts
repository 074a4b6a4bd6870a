// The report of a data set's check: what is missing, empty or twice, and the words in numbers. The folders are made here.
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DatasetReport, checkDataset } from "../../src/node/dataset-check.ts";
import { openDataset } from "../../src/node/dataset-folder.ts";
import { csv, layFiles, lists, picture, pictures, tokens } from "./dataset-files.ts";

const failure = (code: string, part: string): unknown =>
  expect.objectContaining({ name: "ShowtellError", code, message: expect.stringContaining(part) });

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "showtell-data-"));
});
afterEach(() => rm(root, { recursive: true }));
const lay = (files: Readonly<Record<string, string | Uint8Array>>): Promise<void> => layFiles(root, files);

const tokenise = (caption: string): string[] => caption.toLowerCase().split(/\s+/).filter(Boolean);
const check = async (minimumCount = 1): Promise<DatasetReport> =>
  checkDataset(await openDataset(root), { tokenise, minimumCount });

describe("checkDataset", () => {
  it("finds nothing wrong with a sound data set, and counts", async () => {
    await lay({ "Flickr8k.token.txt": tokens, ...lists, ...pictures("images") });
    expect(await check(2)).toEqual({
      name: path.basename(root),
      pictures: 3,
      captions: 4,
      captionsWithoutPicture: [],
      picturesWithoutCaptions: [],
      listedWithoutCaptions: [],
      emptyCaptions: [],
      duplicatePictures: [],
      brokenPictures: [],
      vocabulary: { split: "train", minimumCount: 2, words: 2 }, // a ×3, dog ×2
      splits: [
        { name: "dev", pictures: 1, captions: 1, longestCaption: 2, words: { tokens: 2, unknown: 1, rate: 0.5 } },
        { name: "train", pictures: 2, captions: 3, longestCaption: 3, words: { tokens: 7, unknown: 2, rate: 2 / 7 } },
        { name: "all", pictures: 3, captions: 4, longestCaption: 3, words: { tokens: 9, unknown: 3, rate: 3 / 9 } },
      ],
    });
  });

  it("takes the words of the whole where there is no training split", async () => {
    await lay({ "captions.txt": csv, ...pictures("images") });
    expect((await check()).vocabulary).toEqual({ split: "all", minimumCount: 1, words: 5 });
  });

  it("reports captions without a picture, the original's odd name among them, and pictures without captions", async () => {
    await lay({
      "Flickr8k.token.txt": `${tokens}2258277193_586949ec62.jpg.1#0\tpeople waiting\n`,
      ...pictures("images"),
      "images/sub/extra.PNG": "x",
      "images/Thumbs.db": "no picture",
    });
    const report = await check();
    expect(report.captionsWithoutPicture).toEqual(["2258277193_586949ec62.jpg.1"]);
    expect(report.picturesWithoutCaptions).toEqual(["sub/extra.PNG"]);
  });

  it("reports captions without a token, and listed pictures without captions", async () => {
    await lay({
      "Flickr8k.token.txt": `${tokens}a.jpg#2\t  \n`,
      "Flickr_8k.devImages.txt": "c.jpg\nz.jpg\n",
      ...pictures("images"),
    });
    const report = await check();
    expect(report.emptyCaptions).toEqual([{ image: "a.jpg", index: 2 }]);
    expect(report.listedWithoutCaptions).toEqual([{ image: "z.jpg", split: "dev" }]);
    expect(report.splits[0]).toMatchObject({ name: "dev", pictures: 1 });
  });

  it("finds the same picture in two splits by its content, whatever it is called", async () => {
    await lay({ "Flickr8k.token.txt": tokens, ...lists, ...pictures("images"), "images/c.jpg": picture("a") });
    expect((await check()).duplicatePictures).toEqual([
      {
        places: [
          { image: "c.jpg", split: "dev" },
          { image: "a.jpg", split: "train" },
        ],
        acrossSplits: true,
      },
    ]);
  });

  it("finds a picture that two lists name, and tells copies inside one split from those across", async () => {
    await lay({
      "captions.txt": csv,
      "Flickr_8k.trainImages.txt": "a.jpg\nb.jpg\nc.jpg\n",
      "Flickr_8k.devImages.txt": "c.jpg\n",
      ...pictures("images"),
      "images/b.jpg": picture("a"),
    });
    const [across, inside] = (await check()).duplicatePictures;
    expect(across).toEqual({
      places: [
        { image: "c.jpg", split: "dev" },
        { image: "c.jpg", split: "train" },
      ],
      acrossSplits: true,
    });
    expect(inside).toMatchObject({ acrossSplits: false, places: [{ image: "a.jpg" }, { image: "b.jpg" }] });
  });

  it("names each picture that can't be read once, and goes on", async () => {
    await lay({
      "Flickr8k.token.txt": tokens,
      "Flickr_8k.trainImages.txt": "a.jpg\nb.jpg\n",
      "Flickr_8k.devImages.txt": "b.jpg\nc.jpg\n",
      ...pictures("images"),
      "images/a.jpg": "",
      "images/b.jpg": picture("b").subarray(0, 24),
    });
    expect((await check()).brokenPictures).toEqual([
      { image: "b.jpg", code: "IMAGE_DECODE", message: expect.stringContaining('"b.jpg" is broken') },
      { image: "a.jpg", code: "IMAGE_EMPTY", message: expect.stringContaining('"a.jpg" is empty') },
    ]);
  });

  it("looks at pictures behind links, and takes names for what they lead to", async () => {
    const lines = ["./a.jpg", "linked/b.jpg"].map((image) => JSON.stringify({ image, captions: ["a dog"] }));
    await lay({ "c.jsonl": lines.join("\n"), "images/a.jpg": picture("a"), "real/b.jpg": "broken" });
    await symlink("../real", path.join(root, "images", "linked"));
    expect(await check()).toMatchObject({
      captionsWithoutPicture: [],
      picturesWithoutCaptions: [],
      brokenPictures: [{ image: "linked/b.jpg", code: "IMAGE_FORMAT" }],
    });
  });

  it("tells how far it is, a picture of two lists counted once", async () => {
    await lay({
      "captions.txt": csv,
      "Flickr_8k.trainImages.txt": "a.jpg\nb.jpg\nc.jpg\n",
      "Flickr_8k.devImages.txt": "c.jpg\n",
      ...pictures("images"),
    });
    const progress: string[] = [];
    const onProgress = (done: number, total: number): unknown => progress.push(`${done} of ${total}`);
    await checkDataset(await openDataset(root), { tokenise, onProgress });
    expect(progress).toEqual(["1 of 3", "2 of 3", "3 of 3"]);
  });

  it("stops when it is cancelled", async () => {
    await lay({ "captions.txt": csv, ...pictures("images") });
    const work = checkDataset(await openDataset(root), { tokenise, signal: AbortSignal.abort() });
    await expect(work).rejects.toEqual(failure("CANCELLED", "cancelled"));
  });
});
