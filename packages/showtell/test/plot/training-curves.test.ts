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

  it("refuse an empty history", async () => {
    await expect(trainingCurves([], 1)).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});
