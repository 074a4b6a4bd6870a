// Feedback in the store: kept once however often it is sent, its picture only as long as somebody lets it, and what of it can be learned.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { feedbackPicture, listFeedback, removeFeedback, saveFeedback } from "../../src/store/feedback.ts";
import type { Feedback, FeedbackPicture } from "../../src/store/feedback.ts";
import { devHashes, feedbackDataset } from "../../src/store/feedback-export.ts";
import { openStore } from "../../src/store/store.ts";
import type { Store } from "../../src/store/store.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "showtell-feedback-"));
  store = await openStore(folder);
});
afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

const picture = (content: string): FeedbackPicture => ({ mediaType: "image/jpeg", bytes: Buffer.from(content) });
const given = (key: string, said: Partial<Feedback> = { thumb: "up" }): Feedback => ({
  key,
  model: "m",
  caption: "a dog runs",
  ...said,
});

describe("feedback", () => {
  test("is there after the store was closed, with its picture", async () => {
    const id = saveFeedback(store, given("a", { thumb: "down", edited: "a dog swims" }), picture("dog"));
    store.close();
    store = await openStore(folder);
    const [kept] = listFeedback(store);
    expect(kept).toMatchObject({
      id,
      key: "a",
      model: "m",
      caption: "a dog runs",
      thumb: "down",
      edited: "a dog swims",
    });
    expect(Math.abs(Date.parse(kept!.changedAt) - Date.now())).toBeLessThan(3_600_000);
    expect(feedbackPicture(store, kept!.picture!)).toEqual({
      mediaType: "image/jpeg",
      bytes: new Uint8Array(Buffer.from("dog")),
    });
  });

  test("that is sent again takes the place of what was there", () => {
    const first = saveFeedback(store, given("a"), picture("dog"));
    const again = saveFeedback(store, given("a", { edited: "two dogs run" }));
    expect(again).toBe(first);
    const kept = listFeedback(store);
    expect(kept).toMatchObject([{ edited: "two dogs run" }]);
    expect(kept[0]).not.toHaveProperty("thumb");
    expect(kept[0]).not.toHaveProperty("picture");
  });

  test("shares a picture, which goes with the last that has it", () => {
    const [one, other] = [
      saveFeedback(store, given("a"), picture("dog")),
      saveFeedback(store, given("b"), picture("dog")),
    ];
    const hash = listFeedback(store)[0]!.picture!;
    expect(removeFeedback(store, one)).toBe(true);
    expect(feedbackPicture(store, hash)).toBeDefined();
    expect(removeFeedback(store, other)).toBe(true);
    expect(feedbackPicture(store, hash)).toBeUndefined();
    expect(removeFeedback(store, other)).toBe(false);
  });

  test("that says nothing is refused", () => {
    expect(() => saveFeedback(store, given("a", {}))).toThrow(expect.objectContaining({ code: "STORE" }));
    expect(listFeedback(store)).toEqual([]);
  });
});

describe("the data set of feedback", () => {
  test("has the good captions of each picture once, and counts what it leaves out", () => {
    saveFeedback(store, given("a"), picture("dog"));
    saveFeedback(store, given("b"), picture("dog"));
    saveFeedback(store, given("c", { edited: "a dog swims", thumb: "down" }), picture("dog"));
    saveFeedback(store, given("d", { edited: "a cat sits" }), picture("cat"));
    saveFeedback(store, given("e", { thumb: "down" }), picture("bird"));
    saveFeedback(store, given("f", { edited: "no photo" }));
    saveFeedback(store, { ...given("g"), caption: "" }, picture("nothing said"));
    const { records, withoutPicture, withoutCaption } = feedbackDataset(store, 0.5);
    expect(records.map(({ captions }) => captions)).toEqual([["a dog runs", "a dog swims"], ["a cat sits"]]);
    expect(records.map(({ split }) => split).toSorted()).toEqual(["dev", "train"]);
    expect({ withoutPicture, withoutCaption }).toEqual({ withoutPicture: 1, withoutCaption: 2 });
  });

  test("is refused where there is nothing to learn", () => {
    saveFeedback(store, given("a"));
    expect(() => feedbackDataset(store, 0.2)).toThrow(expect.objectContaining({ code: "DATA_EMPTY" }));
  });
});

describe("the split of pictures", () => {
  const hashes = Array.from(
    { length: 200 },
    (_, i) => ((i * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0") + "0".repeat(56),
  );

  test("has about the share that is wanted, and keeps a picture where it is when others come", () => {
    const few = devHashes(hashes.slice(0, 100), 0.2);
    const many = devHashes(hashes, 0.2);
    expect(many.size).toBeGreaterThan(30);
    expect(many.size).toBeLessThan(50);
    expect([...few].every((hash) => many.has(hash))).toBe(true);
    expect(hashes.slice(0, 100).filter((hash) => many.has(hash))).toHaveLength(few.size);
  });

  test("leaves both sides one, of two and more; a share of 0 leaves none", () => {
    expect(devHashes(["ff".repeat(32), "ee".repeat(32)], 0.2).size).toBe(1);
    expect(devHashes(["00".repeat(32), "01".repeat(32)], 0.9).size).toBe(1);
    expect(devHashes(["00".repeat(32), "ff".repeat(32)], 0).size).toBe(0);
  });
});
