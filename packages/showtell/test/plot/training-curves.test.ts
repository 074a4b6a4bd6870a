import { describe, expect, it } from "vitest";
import { trainingCurves } from "../../src/plot/training-curves.ts";
import { elements, parseSvg, texts } from "./svg.ts";

const history = [1, 2, 3].map((epoch) => ({
  epoch,
  train: { loss: 4 / epoch, accuracy: 0.3 + 0.05 * epoch },
  dev: { loss: 4.5 / epoch, accuracy: 0.28 + 0.04 * epoch },
}));

/** What the spoken label of a drawn point says. */
function valueOf(label: string) {
  const found = /^epoch: (\d+); (.+): ([\d.]+)%?; series: (\w+)$/.exec(label);
  return found === null
    ? undefined
    : { epoch: Number(found[1]), unit: found[2]!, value: Number(found[3]), name: found[4]! };
}

describe("training curves", () => {
  it("show loss and token accuracy of both splits, every value under its name", async () => {
    const root = parseSvg(await trainingCurves(history, 3));
    const drawn = elements(root, "path").flatMap((path) => valueOf(path.getAttribute("aria-label") ?? "") ?? []);
    for (const { epoch, train, dev } of history) {
      for (const [name, { loss, accuracy }] of Object.entries({ train, dev })) {
        const own = drawn.filter((each) => each.epoch === epoch && each.name === name);
        expect(own.find(({ unit }) => unit.includes("nats"))?.value).toBeCloseTo(loss, 6);
        expect(own.find(({ unit }) => unit.includes("%"))?.value).toBeCloseTo(accuracy * 100, 4);
      }
    }
    expect(texts(root)).toEqual(expect.arrayContaining(["Loss", "Token accuracy", "train", "dev"]));
  });

  it("mark the best epoch in both panels", async () => {
    const root = parseSvg(await trainingCurves(history, 2));
    expect(texts(root).filter((text) => text === "best: epoch 2")).toHaveLength(2);
  });

  it("show the scores of dev captions, × 100, where epochs have them", async () => {
    const judged = history.map((record, i) =>
      i === 0 ? record : { ...record, scores: { CIDEr: 0.1 * i, "BLEU-4": 0.05 * i } },
    );
    const root = parseSvg(await trainingCurves(judged, 3));
    const labels = elements(root, "path").map((path) => path.getAttribute("aria-label") ?? "");
    for (const label of [
      "epoch: 2; score × 100: 10; series: CIDEr",
      "epoch: 3; score × 100: 20; series: CIDEr",
      "epoch: 3; score × 100: 10; series: BLEU-4",
    ]) {
      expect(labels).toContain(label);
    }
    expect(texts(root)).toEqual(expect.arrayContaining(["Dev captions", "CIDEr", "BLEU-4"]));
    expect(texts(root).filter((text) => text === "best: epoch 3")).toHaveLength(3);
    expect(texts(parseSvg(await trainingCurves(history, 3)))).not.toContain("Dev captions");
  });

  it("show rewards where these are learnt from, and of likelihood what dev has", async () => {
    const rewarded = history.map((record, i) => ({
      ...record,
      train: { loss: -0.5 * i, accuracy: 0.7, reward: 0.5 + 0.1 * i },
    }));
    const root = parseSvg(await trainingCurves(rewarded, 3));
    const labels = elements(root, "path").map((path) => path.getAttribute("aria-label") ?? "");
    expect(labels).toContain("epoch: 2; mean of drawn captions: 0.6; series: train");
    expect(labels.filter((label) => /nats|%/.test(label) && label.includes("train"))).toEqual([]);
    for (const { epoch, dev } of history) {
      const label = `epoch: ${epoch}; cross-entropy (nats per token): ${dev.loss}; series: dev`;
      expect(labels.some((each) => each === label)).toBe(true);
    }
    expect(texts(root)).toContain("Reward");
    expect(texts(parseSvg(await trainingCurves(history, 3)))).not.toContain("Reward");
  });

  it("refuse an empty history", async () => {
    await expect(trainingCurves([], 1)).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});
