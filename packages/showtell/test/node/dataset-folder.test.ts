// Finding a data set on disk in the layouts people have, and its splits. The folders are made here.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataset, picturePath } from "../../src/node/dataset-folder.ts";
import { below, csv, layFiles, lists, pictures, records, tokens } from "./dataset-files.ts";

const failure = (code: string, part: string): unknown =>
  expect.objectContaining({ name: "ShowtellError", code, message: expect.stringContaining(part) });

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "showtell-data-"));
});
afterEach(() => rm(root, { recursive: true }));
const lay = (files: Readonly<Record<string, string | Uint8Array>>): Promise<void> => layFiles(root, files);

describe("openDataset: layouts", () => {
  it.each([
    ["tokens, lists and images/", { "Flickr8k.token.txt": tokens, ...lists, ...pictures("images") }],
    ["Images/", { "Flickr8k.token.txt": tokens, ...lists, ...pictures("Images") }],
    [
      "the two archives as they unpack",
      { ...below("Flickr8k_text", { "Flickr8k.token.txt": tokens, ...lists }), ...pictures("Flicker8k_Dataset") },
    ],
    [
      "Flickr8k_Dataset, lists in the root",
      { "Flickr8k_text/Flickr8k.token.txt": tokens, ...lists, ...pictures("Flickr8k_Dataset") },
    ],
    ["captions.txt", { "captions.txt": csv, ...lists, ...pictures("Images") }],
    ["pictures beside their captions", { "Flickr8k.token.txt": tokens, ...lists, ...pictures(".") }],
  ])("finds captions, pictures and splits in %s", async (_, files) => {
    await lay(files);
    const dataset = await openDataset(root);
    expect(dataset.name).toBe(path.basename(root));
    expect(dataset.records).toEqual(records);
    expect(dataset.splits.toSorted()).toEqual(["dev", "train"]);
    expect(dataset.split("train")).toEqual([records[1], records[0]]); // in the list's order
    expect(dataset.split("dev")).toEqual([records[2]]);
    expect(dataset.split("all")).toEqual(records);
    expect(picturePath(dataset, "a.jpg")).toBe(path.join(dataset.imageFolder, "a.jpg"));
  });

  it("takes a caption file itself, and pictures from another folder", async () => {
    await lay({ "sets/mine.token.txt": tokens, ...pictures("photos/2024") });
    const dataset = await openDataset(path.join(root, "sets/mine.token.txt"), {
      images: path.join(root, "photos/2024"),
    });
    expect(dataset.imageFolder).toBe(path.join(root, "photos/2024"));
    expect(dataset.records).toEqual(records);
  });

  it("reads splits from the lines of a .jsonl file", async () => {
    const lines = records.map((record, i) => JSON.stringify({ ...record, ...(i < 2 ? { split: "train" } : {}) }));
    await lay({ "anything.jsonl": lines.join("\n"), ...pictures("images") });
    const dataset = await openDataset(root);
    expect(dataset.kind).toBe("jsonl");
    expect(dataset.splits).toEqual(["train"]);
    expect(dataset.split("train").map(({ image }) => image)).toEqual(["a.jpg", "b.jpg"]);
    expect(dataset.split("all")).toHaveLength(3);
  });

  it.each([
    [
      "Karpathy's splits",
      "dataset_flickr8k.json",
      {
        images: records.map(({ image, captions }, i) => ({
          filename: image,
          split: ["train", "restval", "val"][i],
          sentences: captions.map((raw) => ({ raw })),
        })),
        dataset: "flickr8k",
      },
      ["dev", "train"],
    ],
    [
      "COCO's annotations",
      "captions_val2017.json",
      {
        images: records.map(({ image }, id) => ({ id, file_name: image })),
        annotations: records.flatMap(({ captions }, id) => captions.map((caption) => ({ image_id: id, caption }))),
      },
      ["dev"],
    ],
  ])("reads %s, in a folder or named themselves", async (_, name, content, splits) => {
    await lay({ [name]: JSON.stringify(content), ...pictures("images") });
    for (const source of [root, path.join(root, name)]) {
      const dataset = await openDataset(source);
      expect(dataset.records.map(({ image, captions }) => ({ image, captions }))).toEqual(records);
      expect(dataset.splits.toSorted()).toEqual(splits);
      expect(() => dataset.split("test")).toThrow(failure("DATA_SPLIT", `"split": "test"`));
    }
  });

  it("finds the picture folder although the first pictures are missing from it", async () => {
    await lay({ "Flickr8k.token.txt": tokens, "images/c.jpg": "picture c", "readme.md": "" });
    expect((await openDataset(root)).imageFolder).toBe(path.join(root, "images"));
  });
});

describe("openDataset: a folder of pictures that is named", () => {
  it("is taken as it is, whatever lies below it", async () => {
    await lay({ "c.csv": csv, ...pictures("photos"), ...pictures("photos/images") });
    const photos = path.join(root, "photos");
    expect((await openDataset(path.join(root, "c.csv"), { images: photos })).imageFolder).toBe(photos);
    await rm(path.join(photos, "a.jpg"));
    await rm(path.join(photos, "b.jpg"));
    await rm(path.join(photos, "c.jpg"));
    expect((await openDataset(path.join(root, "c.csv"), { images: photos })).imageFolder).toBe(
      path.join(photos, "images"),
    );
  });
});

describe("openDataset: a split is never invented", () => {
  it("names the list that is missing, and the splits that are there", async () => {
    await lay({ "Flickr8k_text/Flickr8k.token.txt": tokens, ...lists, ...pictures("images") });
    const dataset = await openDataset(root);
    const file = path.join(root, "Flickr8k_text", "Flickr_8k.testImages.txt");
    expect(() => dataset.split("test")).toThrow(failure("DATA_SPLIT", `"${file}"; there are dev, train, all`));
  });

  it("takes the test split as soon as its list lies there", async () => {
    await lay({ "captions.txt": csv, ...pictures("Images"), "Flickr_8k.testImages.txt": "c.jpg" });
    expect((await openDataset(root)).split("test")).toEqual([records[2]]);
  });

  it("refuses a split that no line of a .jsonl file names", async () => {
    await lay({ "x.jsonl": records.map((record) => JSON.stringify(record)).join("\n"), ...pictures(".") });
    const dataset = await openDataset(root);
    expect(() => dataset.split("train")).toThrow(failure("DATA_SPLIT", `"split": "train"`));
    expect(dataset.split("all")).toEqual(records);
  });

  it("refuses a list that names a picture without captions, instead of leaving it out", async () => {
    await lay({ "captions.txt": csv, "Flickr_8k.devImages.txt": "c.jpg\nz.jpg\n", ...pictures("images") });
    const dataset = await openDataset(root);
    expect(() => dataset.split("dev")).toThrow(failure("DATA_FORMAT", `"z.jpg" of split "dev"`));
  });
});

describe("openDataset: what it refuses", () => {
  it.each([
    ["a folder without captions", { "images/a.jpg": "x" }, "FILE_NOT_FOUND", "looked for Flickr8k.token.txt"],
    ["captions without any picture", { "captions.txt": csv }, "FILE_NOT_FOUND", `"a.jpg"`],
    ["several .jsonl files", { "a.jsonl": "", "b.jsonl": "" }, "ARGUMENT", "a.jsonl, b.jsonl"],
    ["a caption file without captions", { "captions.txt": "image,caption\n" }, "DATA_EMPTY", "captions.txt"],
    ["captions that lead out of the folder", { "x.jsonl": '{"image":"../a.jpg","captions":[]}' }, "DATA_FORMAT", ".."],
    ["captions in another encoding", { "captions.txt": Uint8Array.of(0xe9, 0xff) }, "DATA_FORMAT", "UTF-8"],
  ])("%s", async (_, files, code, part) => {
    await lay(files);
    await expect(openDataset(root)).rejects.toEqual(failure(code, part));
  });

  it.each([
    [
      "Karpathy's",
      "dataset_x.json",
      {
        images: ["train", "test"].map((split) => ({ filename: "a.jpg", split, sentences: [{ raw: `of ${split}` }] })),
        dataset: "x",
      },
    ],
    [
      "COCO's",
      "captions_x.json",
      {
        images: [1, 2].map((id) => ({ id, file_name: "a.jpg" })),
        annotations: [1, 2].map((id) => ({ image_id: id, caption: `of ${id}` })),
      },
    ],
  ])("a picture with two entries in a file of %s, of which one would win in silence", async (_, name, content) => {
    await lay({ [name]: JSON.stringify(content), ...pictures("images") });
    await expect(openDataset(root)).rejects.toEqual(failure("DATA_FORMAT", 'picture "a.jpg" has two entries'));
  });

  it("a path that is not there, and a file of no known kind", async () => {
    await expect(openDataset(path.join(root, "nowhere"))).rejects.toEqual(failure("FILE_NOT_FOUND", "nowhere"));
    await lay({ "notes.md": "x" });
    await expect(openDataset(path.join(root, "notes.md"))).rejects.toEqual(failure("ARGUMENT", ".jsonl"));
  });

  it("a picture folder that holds none of the pictures", async () => {
    await lay({ "captions.txt": csv, ...pictures("images"), "other/z.jpg": "z" });
    const other = path.join(root, "other");
    await expect(openDataset(root, { images: other })).rejects.toEqual(failure("FILE_NOT_FOUND", other));
  });
});
