// SVG text → PNG bytes through resvg, with fonts that come along: a machine without any font draws the same picture.
import { createRequire } from "node:module";
import { renderAsync } from "@resvg/resvg-js";
import { messageOf, ShowtellError } from "../base/errors.ts";

/** Settings of {@link rasterise}. */
export interface RasteriseOptions {
  /** Pixels for each unit of the SVG, above 0 and at most 10; default 2, for sharp text on dense screens. */
  readonly scale?: number;
}

const fonts = ["400Regular/Arimo_400Regular.ttf", "700Bold/Arimo_700Bold.ttf"];

/**
 * The PNG file of an SVG file, on a white ground. All text is set in Arimo, as wide as Arial; the system's fonts are not looked at.
 * @throws ShowtellError `ARGUMENT` for a scale out of range, `IMAGE_FORMAT` if the text is no SVG that can be drawn.
 */
export async function rasterise(svg: string, { scale = 2 }: RasteriseOptions = {}): Promise<Uint8Array> {
  if (!(scale > 0 && scale <= 10)) {
    throw new ShowtellError("ARGUMENT", `scale is ${scale}; it must be above 0 and at most 10`);
  }
  const { resolve } = createRequire(import.meta.url);
  const fontFiles = fonts.map((file) => resolve(`@expo-google-fonts/arimo/${file}`));
  const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: "Arimo" };
  try {
    const picture = await renderAsync(svg, { font, background: "white", fitTo: { mode: "zoom", value: scale } });
    return picture.asPng();
  } catch (error) {
    throw new ShowtellError("IMAGE_FORMAT", `the SVG cannot be drawn: ${messageOf(error)}`, { cause: error });
  }
}
