// The captioner for browsers: a bundle in a Web Worker, so that the page stays responsive. Options and results are those of Node.js.
import { ShowtellError } from "../base/errors.ts";
import type { CaptioningEvent, CaptioningReply, CaptioningRequest } from "../caption/captioning-service.ts";
import type { PictureCaptioner } from "../caption/threaded-captioner.ts";
import { threadedCaptioner } from "../caption/threaded-captioner.ts";
import type { WebCaptioningLoad } from "./captioning-worker.ts";
import type { EngineDescription, WebDevice } from "./engine.ts";
import type { WebImageSource } from "./image-reader.ts";
import type { FetchProgress, ModelFile } from "./model-files.ts";
import { conversationWith } from "./worker-thread.ts";

/** How a captioner is loaded. Addresses are resolved against the page's. */
export interface WebLoadOptions {
  /** The captioner's bundle: its address, or address and hash. */
  readonly model: string | ModelFile;
  /** The file of its encoder; not needed where the bundle holds its own. */
  readonly encoder?: string | ModelFile;
  /** A table of training neighbours, for captions whose option `neighbours` asks for them. */
  readonly neighbours?: string | ModelFile;
  /** Address of a folder with the `ort-wasm-…` files of onnxruntime-web, served by whoever serves the page. */
  readonly engine: string;
  /** Default: the graphics processor where there is one that passes the model's self-test, else WebAssembly. */
  readonly device?: WebDevice;
  /** Threads of WebAssembly; default: one a processor, at most 4. Without cross-origin isolation there is one in any case. */
  readonly threads?: number;
  /** Told while files are fetched; not for those that are in the browser's cache. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Cancels loading. */
  readonly signal?: AbortSignal;
}

/** A loaded captioner. */
export interface WebCaptioner extends PictureCaptioner<WebImageSource> {
  /** What it runs on. */
  readonly engine: EngineDescription;
}

/**
 * Loads a captioner in a Web Worker and verifies it by its self-test.
 * @example
 * const captioner = await loadCaptioner({ model: "/models/flickr8k.safetensors", encoder: "/models/resnet50-int8.safetensors", engine: "/engine/" });
 * const { caption } = await captioner.caption(input.files[0]);
 * await captioner.dispose();
 * @throws ShowtellError `DOWNLOAD`, `INTEGRITY`, `SAFETENSORS_FORMAT`, `BUNDLE_…`, `ENCODER_…`, `NEIGHBOURS_FORMAT`, `ENGINE`, `CANCELLED`.
 */
export async function loadCaptioner({
  model,
  encoder,
  neighbours,
  engine,
  device,
  threads,
  onProgress,
  signal,
}: WebLoadOptions): Promise<WebCaptioner> {
  const worker = conversationWith<
    CaptioningRequest<WebCaptioningLoad, WebImageSource>,
    CaptioningReply<EngineDescription>,
    CaptioningEvent<FetchProgress>
  >(new Worker(new URL("./captioning-worker.js", import.meta.url), { type: "module" }));
  const load: WebCaptioningLoad = {
    model: located(model),
    encoder: encoder === undefined ? undefined : located(encoder),
    neighbours: neighbours === undefined ? undefined : located(neighbours),
    engine: {
      folder: absolute(engine.endsWith("/") ? engine : `${engine}/`),
      ...(device && { device }),
      ...(threads !== undefined && { threads }),
    },
  };
  const onEvent = (event: CaptioningEvent<FetchProgress>): void => {
    if (event.kind === "loading") onProgress?.(event.event);
  };
  try {
    const reply = await worker.request({ kind: "load", load }, { signal, onEvent });
    const { identity, details } = reply as Extract<typeof reply, { identity: string }>;
    return { ...threadedCaptioner(worker, identity, sendable), engine: details };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

/** The worker has an address of its own, against which it would resolve relative ones. */
function absolute(url: string): string {
  return new URL(url, document.baseURI).href;
}

function located(file: string | ModelFile): ModelFile {
  return typeof file === "string" ? { url: absolute(file) } : { ...file, url: absolute(file.url) };
}

function sendable(image: WebImageSource): WebImageSource {
  if (image instanceof Blob || image instanceof ImageData) return image;
  throw new ShowtellError("ARGUMENT", `a picture is a Blob (a file) or ImageData, not ${typeof image}`);
}
