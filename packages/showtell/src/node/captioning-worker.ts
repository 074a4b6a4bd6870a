// The thread that captions: decodes, encodes and searches. Pictures come in, captions go out, weights never cross.
import type { CaptionOptions, Captioned, FeatureCaptioner } from "../caption/captioner.ts";
import { openFeatureCaptioner } from "../caption/captioner.ts";
import type { PictureEncoder } from "../caption/picture-encoder.ts";
import { openPictureEncoder } from "../caption/picture-encoder.ts";
import { checkDecoder, checkEncoder } from "../bundle/self-test.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import { readCaptioner } from "./bundle-files.ts";
import { readImage } from "./image-reader.ts";
import { openSession } from "./ort-session.ts";
import type { PlainError } from "./worker-thread.ts";
import { plainError, serveRequests } from "./worker-thread.ts";

/** A request to the thread; `load` comes first. */
export type CaptioningRequest =
  | { readonly kind: "load"; readonly model: string; readonly threads: number | undefined }
  | {
      readonly kind: "caption";
      readonly images: readonly (string | Uint8Array)[];
      readonly options: Omit<CaptionOptions, "signal">;
    };

/** Milliseconds that a picture took; encoding and searching are shared evenly among a batch. */
export interface Timings {
  readonly decodeMs: number;
  readonly encodeMs: number;
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
  readonly encoder: PictureEncoder;
  readonly captioner: FeatureCaptioner;
}

let loaded: Loaded | undefined;
/** Batches go through the engine one after the other; their pictures are decoded while the one before is computed. */
let queue: Promise<unknown> = Promise.resolve();

async function load(model: string, threads: number | undefined): Promise<CaptioningReply> {
  const { source, decoder, encoder } = await readCaptioner(model);
  const options = threads === undefined ? {} : { threads };
  await checkEncoder(encoder, (bytes) => openSession(bytes, options), source);
  await checkDecoder(decoder, (bytes) => openSession(bytes, options), source);
  loaded = {
    identity: decoder.manifest.identity,
    encoder: await openPictureEncoder(encoder, decoder.manifest.encoder.layer, openSession, options),
    captioner: await openFeatureCaptioner(decoder, openSession, options),
  };
  return { identity: loaded.identity };
}

type Decoded =
  | { readonly pixels: Awaited<ReturnType<typeof readImage>>; readonly decodeMs: number }
  | { readonly error: PlainError };

async function decode(image: string | Uint8Array): Promise<Decoded> {
  const started = performance.now();
  try {
    return { pixels: await readImage(image), decodeMs: performance.now() - started };
  } catch (error) {
    return { error: plainError(error) };
  }
}

async function captionBatch(decoded: readonly Decoded[], options: CaptionOptions): Promise<readonly PictureOutcome[]> {
  if (loaded === undefined) throw new ShowtellError("INTERNAL", "the captioning thread was not loaded");
  const { encoder, captioner } = loaded;
  const good = decoded.flatMap((one) => ("pixels" in one ? [one.pixels] : []));
  throwIfCancelled(options.signal);
  const started = performance.now();
  const data = await encoder.encode(good);
  const encoded = performance.now();
  const captions = good.length === 0 ? [] : await captioner.caption({ images: good.length, data }, options);
  const searchMs = (performance.now() - encoded) / good.length;
  const encodeMs = (encoded - started) / good.length;
  const ready = captions.values();
  return decoded.map((one) =>
    "error" in one ? one : { captioned: ready.next().value!, timings: { decodeMs: one.decodeMs, encodeMs, searchMs } },
  );
}

serveRequests<CaptioningRequest, CaptioningReply>(async (request, { signal }) => {
  if (request.kind === "load") return load(request.model, request.threads);
  const decoding = Promise.all(request.images.map(decode));
  const before = queue;
  const mine = (async () => {
    const decoded = await decoding;
    await before.catch(() => undefined);
    return captionBatch(decoded, { ...request.options, signal });
  })();
  queue = mine;
  return { outcomes: await mine };
});
