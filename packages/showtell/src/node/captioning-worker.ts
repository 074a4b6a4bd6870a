// The thread that captions: reads, encodes and searches. Pictures come in, captions go out, weights never cross.
import type { CaptionOptions, Captioned, FeatureCaptioner, PartialCaption } from "../caption/captioner.ts";
import { openFeatureCaptioner } from "../caption/captioner.ts";
import type { PictureEncoder } from "../caption/picture-encoder.ts";
import { openPictureEncoder } from "../caption/picture-encoder.ts";
import { checkDecoder, checkEncoder } from "../bundle/self-test.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { CancelSignal } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { Pixels } from "../image/pixels.ts";
import type { PreprocessRule } from "../image/preprocess.ts";
import { resize } from "../image/resize.ts";
import { readCaptioner } from "./bundle-files.ts";
import { readImage } from "./image-reader.ts";
import type { ReadImageOptions } from "./image-reader.ts";
import { lanes } from "./lanes.ts";
import { openSession } from "./ort-session.ts";
import type { PlainError } from "./worker-thread.ts";
import { plainError, serveRequests } from "./worker-thread.ts";

/** A request to the thread; `load` comes first. */
export type CaptioningRequest =
  | ({ readonly kind: "load"; readonly model: string } & LoadLimits)
  | {
      readonly kind: "caption";
      readonly images: readonly (string | Uint8Array)[];
      readonly options: SentOptions;
      /** Whether to tell how captions come about. */
      readonly partials: boolean;
    };

interface LoadLimits {
  readonly threads?: number;
  readonly maxPixels?: number;
}

/** Options that are plain data. */
type SentOptions = Omit<CaptionOptions, "signal" | "onPartial">;

/** Milliseconds that a picture took. */
export interface Timings {
  /** From its file to pixels. */
  readonly decodeMs: number;
  /** From pixels to features; a batch's time in the network is shared evenly. */
  readonly encodeMs: number;
  /** From features to captions; a batch's time is shared evenly. */
  readonly searchMs: number;
}

/** What became of a picture. */
export type PictureOutcome =
  | { readonly captioned: Captioned; readonly timings: Timings }
  | { readonly error: PlainError };

/** The thread's answer: the model's identity, or an outcome a picture. */
export type CaptioningReply = { readonly identity: string } | { readonly outcomes: readonly PictureOutcome[] };

interface Loaded {
  readonly identity: string;
  readonly preprocessing: PreprocessRule;
  readonly reading: ReadImageOptions;
  readonly encoder: PictureEncoder;
  readonly captioner: FeatureCaptioner;
}

let loaded: Loaded | undefined;
/** Batches go through the engine one after the other; their pictures are read while the one before is computed. */
let queue: Promise<unknown> = Promise.resolve();

async function load(model: string, { threads, maxPixels }: LoadLimits): Promise<CaptioningReply> {
  const { source, decoder, encoder } = await readCaptioner(model);
  const options = threads === undefined ? {} : { threads };
  await checkEncoder(encoder, (bytes) => openSession(bytes, options), source);
  await checkDecoder(decoder, (bytes) => openSession(bytes, options), source);
  loaded = {
    identity: decoder.manifest.identity,
    preprocessing: encoder.manifest.preprocessing,
    reading: maxPixels === undefined ? {} : { maxPixels },
    encoder: await openPictureEncoder(encoder, decoder.manifest.encoder.layer, openSession, options),
    captioner: await openFeatureCaptioner(decoder, openSession, options),
  };
  return { identity: loaded.identity };
}

/** A picture read, at the encoder's size. */
type ReadPicture =
  | { readonly pixels: Pixels; readonly decodeMs: number; readonly resizeMs: number }
  | { readonly error: PlainError };

/** Pictures are decoded a few at a time and resized at once: one of 12 megapixels takes 36 MB until then. */
const inTurn = lanes(4);

async function read(
  image: string | Uint8Array,
  { preprocessing, reading }: Loaded,
  signal: CancelSignal,
): Promise<ReadPicture> {
  try {
    throwIfCancelled(signal);
    const started = performance.now();
    const picture = await readImage(image, reading);
    const decoded = performance.now();
    const { width, height } = preprocessing.resize;
    const pixels = resize(picture, width, height);
    return { pixels, decodeMs: decoded - started, resizeMs: performance.now() - decoded };
  } catch (error) {
    return { error: plainError(error) };
  }
}

async function captionBatch(
  { encoder, captioner }: Loaded,
  pictures: readonly ReadPicture[],
  options: CaptionOptions,
): Promise<readonly PictureOutcome[]> {
  throwIfCancelled(options.signal);
  const good = pictures.flatMap((one) => ("pixels" in one ? [one.pixels] : []));
  if (good.length === 0) return pictures as readonly { readonly error: PlainError }[];
  const started = performance.now();
  const data = await encoder.encode(good);
  const encoded = performance.now();
  const captions = (await captioner.caption({ images: good.length, data }, withPlaces(options, pictures))).values();
  const searchMs = (performance.now() - encoded) / good.length;
  const networkMs = (encoded - started) / good.length;
  return pictures.map((one) => {
    if ("error" in one) return one;
    const timings = { decodeMs: one.decodeMs, encodeMs: one.resizeMs + networkMs, searchMs };
    return { captioned: captions.next().value!, timings };
  });
}

/** The options, telling of partial captions by the pictures' places in the request: broken ones are not searched for. */
function withPlaces({ onPartial, ...options }: CaptionOptions, pictures: readonly ReadPicture[]): CaptionOptions {
  if (onPartial === undefined) return options;
  const places = pictures.flatMap((one, place) => ("pixels" in one ? [place] : []));
  return { ...options, onPartial: (partial) => onPartial({ ...partial, image: places[partial.image]! }) };
}

serveRequests<CaptioningRequest, CaptioningReply, PartialCaption>(async (request, { signal, emit }) => {
  if (request.kind === "load") return load(request.model, request);
  const model = loaded;
  if (model === undefined) throw new ShowtellError("INTERNAL", "the captioning thread was not loaded");
  const reading = Promise.all(request.images.map((image) => inTurn(() => read(image, model, signal))));
  const before = queue;
  const mine = (async () => {
    const pictures = await reading;
    await before.catch(() => undefined);
    return captionBatch(model, pictures, { ...request.options, signal, ...(request.partials && { onPartial: emit }) });
  })();
  queue = mine;
  return { outcomes: await mine };
});
