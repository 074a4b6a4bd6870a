// What tests do on the web page and ask of it, whatever serves it.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** A photo on the device takes seconds, the first one with the model more; a machine that does other things, too, needs many times that. */
export const captionedMs = 240_000;

/** Drops files onto the page, as a file manager does. */
export async function drop(page: Page, ...paths: readonly string[]): Promise<void> {
  const files = await Promise.all(
    paths.map(async (path) => ({ name: path.split("/").at(-1)!, base64: (await readFile(path)).toString("base64") })),
  );
  const transfer = await page.evaluateHandle((all) => {
    const made = new DataTransfer();
    for (const { name, base64 } of all) {
      made.items.add(new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], name));
    }
    return made;
  }, files);
  await page.dispatchEvent("body", "drop", { dataTransfer: transfer });
}

/** Goes on by the tab key (or back) until what is called so has the focus, and can be seen to have it. */
export async function tabTo(page: Page, name: string, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const mostSteps = 60;
  const reached: string[] = [];
  for (let step = 0; step < mostSteps; step++) {
    await page.keyboard.press(key);
    const focused = await page.evaluate(() => {
      const { activeElement: element } = document;
      const label = (element as HTMLInputElement | null)?.labels?.[0]?.textContent;
      const called = element?.getAttribute("aria-label") ?? label ?? element?.textContent ?? "";
      return { called: called.trim(), outline: element === null ? "none" : getComputedStyle(element).outlineStyle };
    });
    if (focused.called === name) return expect(focused.outline, name).not.toBe("none");
    reached.push(focused.called);
  }
  throw new Error(`"${name}" was not reached by ${key}, only ${reached.join(", ")}`);
}

/** What axe finds wrong by the rules of WCAG 2.2 A and AA. */
async function violations(page: Page): Promise<string[]> {
  // Not as a script of the page, which the service's security policy would refuse.
  await page.evaluate(await readFile(axe, "utf8"));
  const results = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(options: object): Promise<AxeResults> } }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }),
  );
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** In light at a desk and in the dark on a phone: nothing wrong for axe, nothing wider than the window. */
export async function expectUsable(page: Page): Promise<void> {
  for (const [colorScheme, width] of [
    ["light", 1280],
    ["dark", 360],
  ] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 800 });
    expect(await violations(page), `${colorScheme}, ${width} px`).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}
