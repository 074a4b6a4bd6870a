import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { rasterise } from "../../src/node/rasterise.ts";

function drawing(content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50" viewBox="0 0 200 50">${content}</svg>`;
}

function text(content: string, attributes = 'font-family="Arial,Helvetica,sans-serif"'): string {
  return drawing(`<text x="10" y="35" font-size="24" ${attributes}>${content}</text>`);
}

/** Size, and the columns between the first and the last dark pixel. */
async function measure(png: Uint8Array) {
  const { data, info } = await sharp(png)
    .removeAlpha()
    .toColourspace("b-w")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const columns = new Set<number>();
  for (const [i, value] of data.entries()) if (value < 128) columns.add(i % info.width);
  const dark = [...columns].toSorted((a, b) => a - b);
  return { width: info.width, height: info.height, ink: dark.length, from: dark[0] ?? 0, to: dark.at(-1) ?? 0 };
}

describe("rasterising", () => {
  it("gives a PNG of twice the size on a white ground, or of the scale asked for", async () => {
    const png = await rasterise(drawing('<rect x="50" width="10" height="50"/>'));
    expect(await sharp(png).metadata()).toMatchObject({ format: "png", width: 400, height: 100 });
    expect(await measure(png)).toMatchObject({ from: 100, to: 119, ink: 20 });
    expect(await sharp(await rasterise(drawing(""), { scale: 0.5 })).metadata()).toMatchObject({
      width: 100,
      height: 25,
    });
  });

  it("draws letters of its own font, each as wide as it should be, whatever family is asked for", async () => {
    const [narrow, wide, bold, unknown] = await Promise.all(
      [
        text("iiiiii"),
        text("WWWWWW"),
        text("WWWWWW", 'font-weight="bold"'),
        text("iiiiii", 'font-family="No Such"'),
      ].map(async (svg) => measure(await rasterise(svg))),
    );
    // Arial's widths in thousandths of an em: i 222, W 944; bold W too. Boxes for missing letters would all be alike.
    expect(narrow!.to - narrow!.from).toBeGreaterThan(2 * 24 * 0.222 * 5);
    expect(narrow!.to - narrow!.from).toBeLessThan(2 * 24 * 0.222 * 6);
    expect(wide!.to - wide!.from).toBeGreaterThan(2 * 24 * 0.944 * 5.8);
    expect(wide!.to - wide!.from).toBeLessThan(2 * 24 * 0.944 * 6.1);
    expect(bold!.ink).toBeGreaterThan(wide!.ink);
    expect(unknown).toEqual(narrow);
  });

  it("refuses what is no SVG, and a scale that cannot be", async () => {
    await expect(rasterise("no picture")).rejects.toMatchObject({ code: "IMAGE_FORMAT" });
    await expect(rasterise(drawing(""), { scale: 0 })).rejects.toMatchObject({
      code: "ARGUMENT",
      message: /^scale is 0/,
    });
    await expect(rasterise(drawing(""), { scale: Number.NaN })).rejects.toMatchObject({ code: "ARGUMENT" });
  });
});
