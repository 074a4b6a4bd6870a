// The metrics in a real browser: the built package, imported by a page, gives the golden scores there too.
import { join } from "node:path";
import type * as metrics from "caption-metrics";
import type * as wordnetEntry from "caption-metrics/wordnet";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GoldenSet, goldenSet, largestDifference, type ScoreName } from "../../caption-metrics/test/golden.ts";
import { launchBrowser, serveFolders } from "./browser.ts";
import type { ServedFolders } from "./browser.ts";
import { describeGroup } from "./groups.ts";
import { root } from "./source-files.ts";

/** What `scoreCaptions` gives of itself to the test. */
interface Scored {
  readonly ids: readonly string[];
  readonly scores: Readonly<Record<string, number>>;
  readonly perImage: Readonly<Record<string, readonly number[]>>;
}

const names: readonly (readonly [ours: string, golden: ScoreName])[] = [
  ["BLEU-1", "Bleu_1"],
  ["BLEU-2", "Bleu_2"],
  ["BLEU-3", "Bleu_3"],
  ["BLEU-4", "Bleu_4"],
  ["METEOR (no paraphrase)", "METEOR_exact_stem_synonym"],
  ["ROUGE-L", "ROUGE_L"],
  ["CIDEr", "CIDEr"],
];

/** What the page imports, kept where a test's functions find it: vitest would rewrite an `import()` in these. */
const moduleScript = `
import * as metrics from "/metrics/dist/index.js";
import { wordnet } from "/metrics/dist/wordnet.js";
globalThis.imported = { ...metrics, wordnet };
`;
type Imported = typeof metrics & typeof wordnetEntry;

/** Scores raw captions inside of the page; pairs, because an object would order ids that are numbers. */
function scoreInPage(page: Page, { ids, captions, referenceCaptions }: GoldenSet): Promise<Scored> {
  return page.evaluate(
    ([hypotheses, references]) => {
      const { scoreCaptions, wordnet } = (globalThis as unknown as { readonly imported: Imported }).imported;
      return scoreCaptions(hypotheses, references, { meteor: { synonyms: wordnet } });
    },
    [
      ids.map((id): [string, string] => [id, captions[id]!]),
      ids.map((id): [string, readonly string[]] => [id, referenceCaptions[id]!]),
    ] as const,
  );
}

describeGroup("browser", () => {
  let served: ServedFolders;
  let browser: Awaited<ReturnType<typeof launchBrowser>>;
  let page: Page;

  beforeAll(async () => {
    served = await serveFolders({ "/metrics/": join(root, "packages/caption-metrics") });
    browser = await launchBrowser();
    page = await browser.newPage();
    await page.goto(served.origin);
    await page.addScriptTag({ type: "module", content: moduleScript });
    await page.waitForFunction(() => "imported" in globalThis);
  });

  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  test.each(["truncated", "repeated", "varied_refs", "adversarial"] as const)(
    "%s gets the reference toolkit's scores in Chromium, for the corpus and each image",
    async (name) => {
      const set = goldenSet(name);
      const { ids, scores, perImage } = await scoreInPage(page, set);
      expect(ids).toEqual(set.ids);
      for (const [ours, golden] of names) {
        expect(Math.abs(scores[ours]! - set.scores.corpus[golden]), ours).toBeLessThan(1e-9);
        expect(largestDifference(perImage[ours]!, set.scores.perImage[golden]), ours).toBeLessThan(1e-9);
      }
    },
  );

  test("the page is a browser's, not Node.js with a window", async () => {
    const { agent, node } = await page.evaluate(() => ({
      agent: (globalThis as unknown as { navigator: { userAgent: string } }).navigator.userAgent,
      node: "process" in globalThis,
    }));
    expect(agent).toContain("Chrome/");
    expect(node).toBe(false);
  });
});
