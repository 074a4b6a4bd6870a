// The thread that captions in Node.js. Pictures come in, captions go out, weights never cross.
import { captioningService } from "../caption/captioning-service.ts";
import type { ModelArgument } from "./captioner-files.ts";
import { readCaptionerFiles } from "./captioner-files.ts";
import type { ImageSource } from "./captioner.ts";
import { readImage } from "./image-reader.ts";
import { readNeighbours } from "./neighbours.ts";
import { sessionsWith } from "./ort-session.ts";
import { serveRequests } from "./worker-thread.ts";

/** What is loaded; threads of the engine, and most pixels of a picture, by default as their own functions say. */
export interface CaptioningLoad {
  readonly model: ModelArgument;
  readonly threads?: number;
  readonly maxPixels?: number;
  /** Path of a table of neighbours. */
  readonly neighbours?: string;
}

serveRequests(
  captioningService<CaptioningLoad, ImageSource, undefined, never>(
    async ({ model, threads, maxPixels, neighbours }) => ({
      parts: {
        ...(await readCaptionerFiles(model)),
        neighbours: neighbours === undefined ? undefined : await readNeighbours(neighbours),
      },
      openSession: sessionsWith(threads),
      readImage(image) {
        const limits = maxPixels === undefined ? {} : { maxPixels };
        if (typeof image === "string" || image instanceof Uint8Array) return readImage(image, limits);
        return readImage(image.bytes, { ...limits, name: image.name });
      },
      details: undefined,
    }),
  ),
);
