// The caption files that are read: what each becomes, and the coded error, with file and line, for whatever else stands there.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCoco } from "../../src/datasets/coco.ts";
import { parseCaptionsCsv } from "../../src/datasets/csv.ts";
import { parseFlickrTokens, parseSplitList } from "../../src/datasets/flickr.ts";
import { parseJsonl } from "../../src/datasets/jsonl.ts";
import { parseKarpathy } from "../../src/datasets/karpathy.ts";
import { captionParsers } from "../../src/datasets/kinds.ts";

const refusal = (place: string, what: string): unknown =>
  expect.objectContaining({
    name: "ShowtellError",
    code: "DATA_FORMAT",
    message: expect.stringMatching(new RegExp(`^${place}: .*${what}`)),
  });

describe("parseFlickrTokens", () => {
  it("collects the captions of each picture, in the file's order", () => {
    const text = "b.jpg#0\tA dog .\nb.jpg#1\tTwo dogs .\na.jpg#0\tA man , running .\nb.jpg#2\tDogs\n";
    expect(parseFlickrTokens(text, "f")).toEqual([
      { image: "b.jpg", captions: ["A dog .", "Two dogs .", "Dogs"] },
      { image: "a.jpg", captions: ["A man , running ."] },
    ]);
  });

  it("keeps the original's picture that does not exist under its own name", () => {
    const [record] = parseFlickrTokens("2258277193_586949ec62.jpg.1#0\tpeople waiting for the subway\n", "f");
    expect(record).toEqual({
      image: "2258277193_586949ec62.jpg.1",
      captions: ["people waiting for the subway"],
    });
  });

  it("takes CRLF, a byte-order mark, blank lines, tabs and number signs in captions, and empty captions", () => {
    const text = "\uFEFFa.jpg#0\tsays #1\tloudly \r\n\r\na.jpg#1\t\r\n";
    expect(parseFlickrTokens(text, "f")).toEqual([{ image: "a.jpg", captions: ["says #1\tloudly", ""] }]);
  });

  it("takes the line breaks of Unicode in a caption", () => {
    const captions = ["a dog\u2028runs", "a\u2029cat", "a\u0085bird"];
    const text = captions.map((caption, i) => `a.jpg#${i}\t${caption}\n`).join("");
    expect(parseFlickrTokens(text, "f")).toEqual([{ image: "a.jpg", captions }]);
  });

  it.each([
    ["line ends of bare CR", "a.jpg#0\tA dog\ra.jpg#1\tDogs"],
    ["no tab", "a.jpg#0 A dog"],
    ["no number", "a.jpg\tA dog"],
    ["no name", "#0\tA dog"],
  ])("refuses a line with %s", (_, line) => {
    expect(() => parseFlickrTokens(`ok.jpg#0\tok\n\n${line}\n`, "tokens.txt")).toThrow(
      refusal("tokens.txt: line 3", "expected"),
    );
  });
});

describe("parseSplitList", () => {
  it("gives the names in the list's order", () => {
    expect(parseSplitList("b.jpg\r\na.jpg \n\n", "f")).toEqual(["b.jpg", "a.jpg"]);
  });

  it("refuses a name that stands there twice", () => {
    expect(() => parseSplitList("a.jpg\nb.jpg\na.jpg\n", "list.txt")).toThrow(
      refusal("list.txt: line 3", `"a.jpg" stands`),
    );
  });
});

describe("parseCaptionsCsv", () => {
  it("reads a caption a row, in quotes where it has commas or quotes", () => {
    const text = 'image,caption\na.jpg,A dog .\na.jpg,"A dog , a ""big"" one"\nb.jpg,He said "hi"\n';
    expect(parseCaptionsCsv(text, "f")).toEqual([
      { image: "a.jpg", captions: ["A dog .", 'A dog , a "big" one'] },
      { image: "b.jpg", captions: ['He said "hi"'] },
    ]);
  });

  it("finds its columns by name", () => {
    const text = "\uFEFFid,Caption,Image\r\n1,A dog,a.jpg\r\n";
    expect(parseCaptionsCsv(text, "f")).toEqual([{ image: "a.jpg", captions: ["A dog"] }]);
  });

  it("brings back any caption that is written in quotes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (captions) => {
        const rows = captions.map((caption) => `a.jpg,"${caption.replaceAll('"', '""')}"\n`);
        const [record] = parseCaptionsCsv(`image,caption\n${rows.join("")}`, "f");
        expect(record!.captions).toEqual(captions.map((caption) => caption.trim()));
      }),
    );
  });

  it.each([
    ["another header", "name,text\na.jpg,A dog\n", 1, "columns"],
    ["nothing", "", 1, "columns"],
    ["a comma that is not quoted", 'image,caption\na.jpg,"two\nlines"\na.jpg,A dog, a cat\n', 4, "3 fields"],
    ["a quote that is not closed", 'image,caption\na.jpg,ok\na.jpg,"A dog\nb.jpg,A cat\n', 3, "quote"],
    ["text after a quote", 'image,caption\na.jpg,"A dog" runs\n', 2, "quote"],
  ])("refuses %s", (_, text, line, what) => {
    expect(() => parseCaptionsCsv(text, "captions.txt")).toThrow(refusal(`captions.txt: line ${line}`, what));
  });

  it("stands a long file that is one unclosed quote", () => {
    const text = `image,caption\na.jpg,"${"x".repeat(5_000_000)}`;
    expect(() => parseCaptionsCsv(text, "f")).toThrow(refusal("f: line 2", "quote"));
  });
});

describe("parseJsonl", () => {
  it("reads a picture a line, with its split if it has one; other fields are left alone", () => {
    const text = [
      '{"image": "a.jpg", "captions": ["A dog .", " Two "], "split": "train", "id": 7}',
      "",
      '{"image": "sub/b.jpg", "captions": []}',
    ].join("\r\n");
    expect(parseJsonl(text, "f")).toEqual([
      { image: "a.jpg", captions: ["A dog .", "Two"], split: "train" },
      { image: "sub/b.jpg", captions: [] },
    ]);
  });

  it.each([
    ["what is no JSON", "{image: 1}", "no JSON"],
    ["no object", "7", "expected"],
    ["a caption in place of a list", '{"image": "a.jpg", "captions": "A dog"}', '"captions"'],
    ["a caption that is no text", '{"image": "a.jpg", "captions": ["A", 7]}', '"captions.1"'],
    ["no picture", '{"captions": []}', '"image"'],
    ["an empty split", '{"image": "a.jpg", "captions": [], "split": ""}', '"split"'],
    ["a picture that stands there already", '{"image": "ok.jpg", "captions": []}', "line 1 already"],
  ])("refuses %s", (_, line, what) => {
    const text = `{"image": "ok.jpg", "captions": []}\n${line}\n`;
    expect(() => parseJsonl(text, "x.jsonl")).toThrow(refusal("x.jsonl: line 2", what));
  });
});

describe("parseKarpathy", () => {
  const image = { filename: "a.jpg", split: "val", sentences: [{ raw: " A dog . ", tokens: ["a", "dog"] }] };

  it("reads pictures with their folder, their sentences and their splits; restval is trained on", () => {
    const images = [
      { ...image, imgid: 0 },
      { ...image, filename: "b.jpg", filepath: "val2014", split: "restval", sentences: [{ tokens: ["two", "dogs"] }] },
      { ...image, filename: "c.jpg", split: "test", sentences: [] },
    ];
    expect(parseKarpathy(JSON.stringify({ images, dataset: "coco" }), "f")).toEqual([
      { image: "a.jpg", captions: ["A dog ."], split: "dev" },
      { image: "val2014/b.jpg", captions: ["two dogs"], split: "train" },
      { image: "c.jpg", captions: [], split: "test" },
    ]);
  });

  it.each([
    ["what is no JSON", "{images: 1}", "f: no JSON"],
    ["something else", "[]", "f: the file: expected .*images"],
    ["a picture without a split", { images: [image, { ...image, split: undefined }] }, "f: images\\[1\\].split: "],
    [
      "a sentence without words",
      { images: [{ ...image, sentences: [{}] }] },
      "f: images\\[0\\].sentences\\[0\\]: .*raw",
    ],
    ["a folder that leads outside", { images: [{ ...image, filepath: ".." }] }, "f: images\\[0\\]: .*image folder"],
  ])("refuses %s", (_, content, message) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    expect(() => parseKarpathy(text, "f")).toThrow(
      expect.objectContaining({
        code: "DATA_FORMAT",
        message: expect.stringMatching(new RegExp(`^${message}`)),
      }) as Error,
    );
  });
});

describe("parseCoco", () => {
  const images = [
    { id: 9, file_name: "b.jpg", height: 480 },
    { id: "x", file_name: "a.jpg" },
  ];
  const annotations = [
    { id: 1, image_id: "x", caption: "A dog. " },
    { id: 2, image_id: 9, caption: "A cat." },
    { id: 3, image_id: "x", caption: "Two" },
  ];

  it("gives each image its captions, in the order of the images, in the split that the file's name tells", () => {
    const text = JSON.stringify({ info: {}, images, annotations });
    const records = [
      { image: "b.jpg", captions: ["A cat."] },
      { image: "a.jpg", captions: ["A dog.", "Two"] },
    ];
    expect(parseCoco(text, "mine.json")).toEqual(records);
    for (const [name, split] of [
      ["annotations/captions_train2017.json", "train"],
      ["captions_val2014.json", "dev"],
    ] as const) {
      expect(parseCoco(text, name)).toEqual(records.map((record) => ({ ...record, split })));
    }
  });

  it.each([
    [
      "a caption of no image",
      { images, annotations: [{ image_id: 7, caption: "A" }] },
      "f: annotations\\[0\\]: .*id 7",
    ],
    ["no annotations", { images }, "f: annotations: expected"],
    [
      "a name that leads outside",
      { images: [{ id: 1, file_name: "/a" }], annotations: [] },
      "f: images\\[0\\].file_name",
    ],
  ])("refuses %s", (_, content, message) => {
    expect(() => parseCoco(JSON.stringify(content), "f")).toThrow(
      expect.objectContaining({
        code: "DATA_FORMAT",
        message: expect.stringMatching(new RegExp(`^${message}`)),
      }) as Error,
    );
  });
});

describe("names of pictures", () => {
  it.each([
    "../a.jpg",
    "a/../../b.jpg",
    "/etc/passwd",
    "\\\\host\\a.jpg",
    "C:\\a.jpg",
    "a\\..\\..\\b.jpg",
    "..",
    "a\0.jpg",
  ])("%j is refused by every parser, since it leads out of the image folder", (name) => {
    const outside = refusal("f: line .", "image folder");
    expect(() => captionParsers.flickr(`${name}#0\tA dog`, "f")).toThrow(outside);
    expect(() => captionParsers.csv(`image,caption\n"${name}",A dog`, "f")).toThrow(outside);
    expect(() => captionParsers.jsonl(JSON.stringify({ image: name, captions: [] }), "f")).toThrow(outside);
    expect(() => parseSplitList(name, "f")).toThrow(outside);
  });

  it.each(["a..b.jpg", "sub/a.jpg", "...jpg", "größe 1.jpg"])("%j is taken", (name) => {
    expect(parseSplitList(name, "f")).toEqual([name]);
  });
});
