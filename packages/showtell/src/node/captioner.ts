// The captioner for Node.js: a bundle in a thread of its own, so that the caller's thread stays free.
import { ShowtellError } from "../base/errors.ts";
import type { CaptioningEvent, CaptioningReply, CaptioningRequest } from "../caption/captioning-service.ts";
import type {
  CaptionOutcome as Outcome,
  PictureCaptioner,
  PictureCaptionOptions,
} from "../caption/threaded-captioner.ts";
import { threadedCaptioner } from "../caption/threaded-captioner.ts";
import { defaultModel } from "./shipped-models.ts";
import type { ModelArgument } from "./captioner-files.ts";
import type { CaptioningLoad } from "./captioning-worker.ts";
import { startWorker } from "./worker-thread.ts";

/** A picture file's bytes, and what messages call it. */
export interface NamedPicture {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** A picture: the path of a file, or a file's bytes, with a name where one is known. */
export type ImageSource = string | Uint8Array | NamedPicture;

/** How a captioner is loaded. */
export interface LoadOptions {
  /**
   * Path of a bundle; several, as a list or with commas between, caption together as an ensemble. Default: the one that ships, trained on
   * Flickr8k.
   */
  readonly model?: ModelArgument;
  /** Threads of the engine; default: the available parallelism. */
  readonly threads?: number;
  /** Most pixels of a picture, checked in its header before anything is decoded; default 100 million. */
  readonly maxPixels?: number;
  /** Path of a table of training neighbours, for captions whose option `neighbours` asks for them. */
  readonly neighbours?: string;
}

/** How pictures are captioned; cancelling takes effect between two words. */
export type NodeCaptionOptions = PictureCaptionOptions;

/** What became of one of many pictures. */
export type CaptionOutcome<Source extends ImageSource = ImageSource> = Outcome<Source>;

/** A loaded captioner. */
export type Captioner = PictureCaptioner<ImageSource>;

/**
 * Loads a captioner in a thread of its own and verifies it by its self-test.
 * @example
 * const captioner = await loadCaptioner();
 * const { caption } = await captioner.caption("photo.jpg");
 * await captioner.dispose();
 * @throws ShowtellError `FILE_NOT_FOUND`, `SAFETENSORS_FORMAT`, `BUNDLE_…`, `ENCODER_MISSING`, `ENSEMBLE_MISMATCH`,
 * `NEIGHBOURS_FORMAT`, `ENCODER_MISMATCH`.
 */
export async function loadCaptioner({ model = defaultModel, ...limits }: LoadOptions = {}): Promise<Captioner> {
  const worker = startWorker<CaptioningRequest<CaptioningLoad, ImageSource>, CaptioningReply, CaptioningEvent>(
    new URL("./captioning-worker.js", import.meta.url),
  );
  try {
    const reply = await worker.request({ kind: "load", load: { model, ...limits } });
    return threadedCaptioner(worker, (reply as { identity: string }).identity, sendable);
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

/** Bytes as they are sent: a piece of a large buffer is copied, or else the whole buffer would be. */
function sendableBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}

function sendable(image: ImageSource): ImageSource {
  if (typeof image === "string") return image;
  if (image instanceof Uint8Array) return sendableBytes(image);
  const { name, bytes } = Object(image) as Partial<NamedPicture>;
  if (typeof name === "string" && bytes instanceof Uint8Array) return { name, bytes: sendableBytes(bytes) };
  throw new ShowtellError(
    "ARGUMENT",
    `a picture is the path of a file or its bytes (a Uint8Array, or { name, bytes }), not ${typeof image}`,
  );
}
