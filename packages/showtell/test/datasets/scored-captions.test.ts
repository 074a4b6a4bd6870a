// Captions and references by image id: every form that is taken, and what is said of those that are not.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShowtellError } from "../../src/base/errors.ts";
import { parseHypotheses, parseHypothesisLine } from "../../src/datasets/hypotheses.ts";
import { parseReferenceLine, parseReferences } from "../../src/datasets/references.ts";

const json = JSON.stringify;
const hypotheses = (content: unknown) => [...parseHypotheses(json(content), "h.json")];
const references = (content: unknown) =>
  parseReferences(json(content), "r.json").map(({ id, captions }) => [id, captions]);
const line = (content: unknown) => ({ line: json(content), number: 7 });

describe("captions", () => {
  test.each([
    ["an object by id", { "a.jpg": "a dog", 7: "a cat" }],
    ["an object of lists of one", { "a.jpg": ["a dog"], 7: ["a cat"] }],
    [
      "COCO results",
      [
        { image_id: 7, caption: "a cat" },
        { image_id: "a.jpg", caption: "a dog" },
      ],
    ],
  ])("come as %s; ids are text", (_, content) => {
    const expected = [
      ["7", "a cat"],
      ["a.jpg", "a dog"],
    ];
    expect(hypotheses(content)).toEqual(expected);
  });

  test.each([["id"], ["image_id"], ["image"]])("come as a line with %s", (name) => {
    expect(parseHypothesisLine(line({ [name]: 3, caption: "a dog", more: 1 }), "h.jsonl")).toEqual({
      id: "3",
      caption: "a dog",
    });
  });

  test("may begin with a byte-order mark, and be empty texts", () => {
    expect([...parseHypotheses('\uFEFF{"a": ""}', "h.json")]).toEqual([["a", ""]]);
  });

  test.each([
    [{ a: 5 }, /^h\.json: image "a" is 5: a caption is a text, not a number$/],
    [{ a: ["x", "y"] }, /^h\.json: image "a" has a list of 2 captions, where one is scored/],
    ["text", /^h\.json: the whole is "text": give /],
    [[{ caption: "x" }], /^h\.json: entry 0, "image_id" is nothing: an id is /],
    [[{ image_id: 1 }], /^h\.json: entry 0, "caption" of image "1" is nothing: a caption is a text, not missing$/],
    [[7], /^h\.json: entry 0 is 7: COCO results are /],
  ])("%j are refused, naming where and what", (content, message) => {
    expect(() => hypotheses(content)).toThrow(
      expect.objectContaining({ code: "DATA_FORMAT", message: expect.stringMatching(message) }),
    );
  });

  test("twice for one image are refused, in results and where JSON itself would keep the last", () => {
    const results = [1, "1"].map((id) => ({ image_id: id, caption: "x" }));
    const expected = expect.objectContaining({ code: "DATA_IDS", message: expect.stringMatching(/"1".* twice/) });
    expect(() => hypotheses(results)).toThrow(expected);
    expect(() => parseHypotheses('{"1": "a", "\\u0031": "b"}', "h.json")).toThrow(expected);
  });

  test("as lines in a file named as JSON are recognised, as anything else is not", () => {
    const remedy = expect.objectContaining({ code: "DATA_FORMAT", message: expect.stringContaining('".jsonl"') });
    expect(() => parseHypotheses('{"id": 1, "caption": "a"}\n{"id": 2, "caption": "b"}', "h.json")).toThrow(remedy);
    expect(() => parseHypotheses("a dog\na cat", "h.json")).not.toThrow(remedy);
  });

  test("of a line that failed to be captioned are refused, naming the picture", () => {
    const failed = line({ image: "b.jpg", error: { code: "IMAGE_DECODE", message: "broken" } });
    expect(() => parseHypothesisLine(failed, "h.jsonl")).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(/^h\.jsonl: line 7, "caption" of image "b\.jpg" is nothing/),
      }),
    );
  });
});

describe("references", () => {
  test("of COCO's annotations know the names of their images' files, where these are listed", () => {
    const annotations = [
      { image_id: 7, caption: "a cat" },
      { image_id: 8, caption: "a dog" },
    ];
    const images = [{ id: 7, file_name: "COCO_val2014_000000000007.jpg" }, { id: 8 }];
    expect(parseReferences(json({ images, annotations }), "r.json")).toEqual([
      { id: "7", name: "COCO_val2014_000000000007.jpg", captions: ["a cat"] },
      { id: "8", captions: ["a dog"] },
    ]);
  });

  const expected = [
    ["7", ["a cat", "the cat"]],
    ["b", ["a dog"]],
  ];
  const annotations = [
    { image_id: 7, caption: "a cat", id: 1 },
    { image_id: "b", caption: "a dog", id: 2 },
    { image_id: 7, caption: "the cat", id: 3 },
  ];

  test.each([
    ["an object by id", { 7: ["a cat", "the cat"], b: ["a dog"] }],
    ["COCO annotations", { info: {}, images: [{ id: 7 }], annotations }],
    ["their list alone", annotations],
  ])("come as %s", (_, content) => {
    expect(references(content)).toEqual(expected);
  });

  test("an image may be called annotations", () => {
    expect(references({ annotations: ["a dog"] })).toEqual([["annotations", ["a dog"]]]);
  });

  test.each([["captions"], ["references"]])("come as a line with %s", (name) => {
    expect(parseReferenceLine(line({ image: "b", [name]: ["a dog"], split: "test" }), "r.jsonl")).toEqual({
      id: "b",
      captions: ["a dog"],
    });
  });

  test.each([
    [{ a: [] }, /^r\.json: image "a" has no reference caption: give it one, or leave the image out$/],
    [{ a: "x" }, /^r\.json: image "a" is "x": references are a list of captions, not a string$/],
    [{ a: ["x", null] }, /^r\.json: image "a", reference 1 is null: a caption is a text, not null$/],
    [{ annotations: [{ image_id: true, caption: "x" }] }, /^r\.json: annotation 0, "image_id" is true: an id is /],
    [[3], /^r\.json: annotation 0 is 3: COCO annotations are /],
    [9, /^r\.json: the whole is 9: give /],
  ])("%j are refused, naming where and what", (content, message) => {
    expect(() => references(content)).toThrow(
      expect.objectContaining({ code: "DATA_FORMAT", message: expect.stringMatching(message) }),
    );
  });
});

test("whatever a file holds is read or refused with a code", () => {
  const value = fc.oneof(
    fc.json(),
    fc.string(),
    fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()), fc.integer())).map(json),
    fc
      .array(
        fc.record(
          { image_id: fc.oneof(fc.string(), fc.integer(), fc.constant(null)), caption: fc.string() },
          { requiredKeys: [] },
        ),
      )
      .map(json),
  );
  const parsers = [
    (text: string) => parseHypotheses(text, "f"),
    (text: string) => parseReferences(text, "f"),
    (text: string) => parseHypothesisLine({ line: text, number: 1 }, "f"),
    (text: string) => parseReferenceLine({ line: text, number: 1 }, "f"),
  ];
  let read = 0;
  fc.assert(
    fc.property(value, (text) => {
      for (const parse of parsers) {
        try {
          parse(text);
          read++;
        } catch (error) {
          expect(error).toBeInstanceOf(ShowtellError);
        }
      }
    }),
    { numRuns: 500, seed: 4 },
  );
  expect(read).toBeGreaterThan(50);
});
