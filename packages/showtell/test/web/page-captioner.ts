// Inside of a page: the captioner and the picture reader for browsers, as pages call them.
import { loadCaptioner, readImage } from "showtell/web";
import { resize } from "../../src/image/resize.ts";

async function fileAt(url: string): Promise<File> {
  const response = await fetch(url);
  return new File([await response.blob()], url.slice(url.lastIndexOf("/") + 1));
}

/** A picture as the encoder sees it, and its own sides. */
async function seen(url: string): Promise<{ readonly sides: readonly [number, number]; readonly data: number[] }> {
  const pixels = await readImage(await fileAt(url));
  return { sides: [pixels.width, pixels.height], data: Array.from(resize(pixels, 224, 224).data) };
}

/** What is thrown, as plain data. */
async function failureOf(work: () => Promise<unknown>): Promise<{ readonly code: unknown; readonly message: unknown }> {
  try {
    await work();
    return { code: "none", message: "" };
  } catch (error) {
    return error as { code: unknown; message: unknown };
  }
}

/** What the page gives to tests. */
export const pageOfTests = {
  loadCaptioner,
  fileAt,
  seen,
  readingFailure: async (url: string) => {
    const { code, message } = await failureOf(async () => readImage(await fileAt(url)));
    return { code, message };
  },
  loadingFailure: async (options: Parameters<typeof loadCaptioner>[0]) => {
    const { code, message } = await failureOf(() => loadCaptioner(options));
    return { code, message };
  },
};

Object.assign(globalThis, { pageOfTests });
