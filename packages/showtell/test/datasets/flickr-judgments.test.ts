// Flickr8k's own judgments, as their files are described by those who published them.
import { expect, test } from "vitest";
import { isFlickrJudgments, parseFlickrJudgments } from "../../src/datasets/flickr-judgments.ts";

const records = [
  { image: "a.jpg", captions: ["a dog", "a dog runs"] },
  { image: "b.jpg", captions: ["a cat", "a cat sleeps"] },
];
const experts = (...lines: readonly string[]) =>
  parseFlickrJudgments(`${lines.join("\r\n")}\n`, "ExpertAnnotations.txt", "text/ExpertAnnotations.txt", records);
const crowd = (...lines: readonly string[]) =>
  parseFlickrJudgments(lines.join("\n"), "CrowdFlowerAnnotations.txt", "CrowdFlowerAnnotations.txt", records);

test("three experts grade a caption; one of the picture's own is counted and left out", () => {
  expect(experts("a.jpg\tb.jpg#1\t1\t2\t1", "", "a.jpg\ta.jpg#0\t4\t4\t4", "b.jpg\ta.jpg#0\t3\t4\t2")).toEqual({
    judgments: [
      { image: "a.jpg", caption: "a cat sleeps", rater: "expert 1", score: 1, line: 1 },
      { image: "a.jpg", caption: "a cat sleeps", rater: "expert 2", score: 2, line: 1 },
      { image: "a.jpg", caption: "a cat sleeps", rater: "expert 3", score: 1, line: 1 },
      { image: "b.jpg", caption: "a dog", rater: "expert 1", score: 3, line: 4 },
      { image: "b.jpg", caption: "a dog", rater: "expert 2", score: 4, line: 4 },
      { image: "b.jpg", caption: "a dog", rater: "expert 3", score: 2, line: 4 },
    ],
    ownCaptions: 1,
  });
});

test("a crowd says Yes or No, nobody told from another", () => {
  const { judgments } = crowd("b.jpg\ta.jpg#1\t0.333333333333333\t1\t2", "a.jpg\tb.jpg#0\t1\t1\t0");
  expect(judgments).toEqual([
    { image: "b.jpg", caption: "a dog runs", score: 1, line: 1 },
    { image: "b.jpg", caption: "a dog runs", score: 0, line: 1 },
    { image: "b.jpg", caption: "a dog runs", score: 0, line: 1 },
    { image: "a.jpg", caption: "a cat", score: 1, line: 2 },
  ]);
});

test.each([
  ["a grade beyond the scale", () => experts("a.jpg\tb.jpg#1\t1\t2\t5"), "DATA_FORMAT", "three numbers from 1 to 4"],
  ["a line cut short", () => experts("a.jpg\tb.jpg#1\t1\t2\t1", "a.jpg\tb.jpg#1\t1\t2"), "DATA_FORMAT", "line 2: "],
  ["no number of a caption", () => experts("a.jpg\tb.jpg\t1\t2\t1"), "DATA_FORMAT", '"picture.jpg#2"'],
  ["a share that is not that of the counts", () => crowd("a.jpg\tb.jpg#1\t0.5\t1\t2"), "DATA_FORMAT", "share of Yes"],
  ["the experts' form in the crowd's file", () => crowd("a.jpg\tb.jpg#1\t2\t3\t1"), "DATA_FORMAT", "share of Yes"],
  ["a caption that the data set lacks", () => experts("a.jpg\tb.jpg#2\t1\t1\t1"), "DATA_IDS", '"b.jpg#2"'],
  ["a picture outside of the folder", () => experts("../a.jpg\tb.jpg#1\t1\t1\t1"), "DATA_FORMAT", "image folder"],
])("refused: %s", (_, read, code, words) => {
  expect(read).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
});

test("the files are known by their names", () => {
  expect(["ExpertAnnotations.txt", "CrowdFlowerAnnotations.txt", "judgments.csv"].map(isFlickrJudgments)).toEqual([
    true,
    true,
    false,
  ]);
});
