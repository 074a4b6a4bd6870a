// Which dev pictures choose a run's best epoch: what else is chosen in a run looks at no others, and records name them.
import { expect, test } from "vitest";
import { selectionRows, selectionSet } from "../../src/node/dev-captions.ts";
import { defaultTrainingOptions } from "../../src/train/options.ts";

/** Four pictures, of which the second has no caption with words. */
const set = {
  name: "four",
  dev: {
    examples: [0, 0, 2, 3].map((picture) => ({ picture, words: [4] })),
    features: { size: 1, read: () => Promise.resolve() },
  },
  devPictures: [],
};

test.each([
  [{ select: "beam", selectFirst: 2 }, [0, 2]],
  [{ select: "greedy", selectFirst: 1 }, [0]],
  [{ select: "beam" }, [0, 2, 3]],
  // The loss is that of all of them.
  [{ select: "loss", selectFirst: 2 }, [0, 2, 3]],
] as const)("by %j they are %j", (options, rows) => {
  const told = { ...defaultTrainingOptions, ...options };
  expect([...selectionRows(set, told)]).toEqual(rows);
  expect([...new Set(selectionSet(set, told).examples.map(({ picture }) => picture))]).toEqual(rows);
});
