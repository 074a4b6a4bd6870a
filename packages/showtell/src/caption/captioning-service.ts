// The working side of captioning: a model is loaded and verified, then pictures come in and captions go out, in batches.
// Reading bundles and pictures is handed in; it runs in whatever thread a platform puts it.
import type { CancelSignal } from "../base/cancel.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import type { PlainError } from "../base/errors.ts";
import { ShowtellError, plainError } from "../base/errors.ts";
import type { BundlePart } from "../bundle/bundle.ts";
import type { EncoderManifest } from "../bundle/manifest.ts";
import type { NeighbourTable } from "../bundle/neighbour-table.ts";
import { checkDecoder, checkEncoder } from "../bundle/self-test.ts";
import type { OpenSession } from "../engine/session.ts";
import { openedInTurn } from "../engine/session.ts";
import type { Pixels } from "../image/pixels.ts";
import type { Region } from "../image/region.ts";
import { hideRegion } from "../image/region.ts";
import type { PreprocessRule } from "../image/preprocess.ts";
import { resize } from "../image/resize.ts";
import { lanes } from "../thread/lanes.ts";
import type { RequestHandler } from "../thread/requests.ts";
import type { CaptionOptions, PartialCaption } from "./caption-options.ts";
import type { Captioned, FeatureCaptioner } from "./captioner.ts";
import { openEnsembleCaptioner } from "./captioner.ts";
import type { FeatureBatch } from "./decoder-stepper.ts";
import type { EnsembleMember, FeatureSource } from "./ensemble.ts";
import type { PictureEncoder } from "./picture-encoder.ts";
import { openPictureEncoder } from "./picture-encoder.ts";

declare const performance: { now(): number };

/** Features that a captioner reads, and the encoder that gives them. */
export interface CaptionerInput {
  readonly features: FeatureSource;
  /** What messages call the encoder. */
  readonly source: string;
  readonly encoder: BundlePart<EncoderManifest>;
}

/** All that captions: a decoder or several as an ensemble, and the encoders that they were trained on. */
export interface CaptionerParts {
  /** One or more; an ensemble's first one says how captions are searched by default. */
  readonly members: readonly EnsembleMember[];
  /** Each different encoder and layer once, as `planEnsemble` orders them. */
  readonly inputs: readonly CaptionerInput[];
  /** Training pictures, where captions are to be held against them. */
  readonly neighbours?: NeighbourTable | undefined;
}

/** A request to the thread; `load` comes first. */
export type CaptioningRequest<Load, Image> =
  | { readonly kind: "load"; readonly load: Load }
  | {
      readonly kind: "caption";
      readonly images: readonly Image[];
      readonly options: SentOptions;
      /** Whether to tell how captions come about. */
      readonly partials: boolean;
    }
  | {
      readonly kind: "weigh";
      readonly image: Image;
      readonly tokens: readonly string[];
      /** What is hidden of the picture; a result for each. */
      readonly hidden: readonly (Region | undefined)[];
    };

/** Options that are plain data. */
type SentOptions = Omit<CaptionOptions, "signal" | "onPartial">;

/** What the thread tells before it replies. */
export type CaptioningEvent<LoadEvent = never> =
  | { readonly kind: "loading"; readonly event: LoadEvent }
  | { readonly kind: "partial"; readonly partial: PartialCaption };

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

/** The thread's answer: the model's identity and what the platform says of how it runs, or an outcome a picture. */
export type CaptioningReply<Details = undefined> =
  | { readonly identity: string; readonly details: Details }
  | { readonly outcomes: readonly PictureOutcome[] }
  | { readonly weights: readonly (readonly number[])[] };

/** What a platform gives for a request to load. */
export interface OpenedModel<Image, Details> {
  readonly parts: CaptionerParts;
  readonly openSession: OpenSession;
  readImage(image: Image): Promise<Pixels>;
  /** What else the caller is told. */
  readonly details: Details;
}

/** Opens a model as a platform does it. */
export type OpenModel<Load, Image, Details, LoadEvent> = (
  load: Load,
  context: { readonly signal: CancelSignal; readonly emit: (event: LoadEvent) => void },
) => Promise<OpenedModel<Image, Details>>;

/** An encoder with the rule by which pictures become its input. */
interface LoadedEncoder {
  readonly preprocessing: PreprocessRule;
  readonly encoder: PictureEncoder;
}

interface Loaded<Image> {
  /** As many as the captioner reads features of: one, unless members of an ensemble differ in it. */
  readonly encoders: readonly LoadedEncoder[];
  readonly captioner: FeatureCaptioner;
  readImage(image: Image): Promise<Pixels>;
}

async function load<Image>(opened: OpenedModel<Image, unknown>): Promise<Loaded<Image>> {
  const { openSession } = opened;
  const { members, inputs, neighbours } = opened.parts;
  for (const { encoder, source } of inputs) await checkEncoder(encoder, openSession, source);
  for (const { decoder, source } of members) await checkDecoder(decoder, openSession, source);
  const captioner = await openEnsembleCaptioner(members, openSession, { neighbours });
  try {
    const own = await openedInTurn(inputs, ({ encoder, features }) =>
      openPictureEncoder(encoder, features.layer, openSession),
    );
    const encoders = own.map((encoder, i) => ({ preprocessing: inputs[i]!.encoder.manifest.preprocessing, encoder }));
    return { encoders, captioner, readImage: (image) => opened.readImage(image) };
  } catch (error) {
    await captioner.dispose();
    throw error;
  }
}

/** A picture read, at the size of each encoder. */
type ReadPicture =
  | { readonly pixels: readonly Pixels[]; readonly decodeMs: number; readonly resizeMs: number }
  | { readonly error: PlainError };

async function read<Image>(image: Image, model: Loaded<Image>, signal: CancelSignal): Promise<ReadPicture> {
  try {
    throwIfCancelled(signal);
    const started = performance.now();
    const picture = await model.readImage(image);
    const decoded = performance.now();
    const pixels = model.encoders.map(({ preprocessing: { resize: size } }) =>
      resize(picture, size.width, size.height),
    );
    return { pixels, decodeMs: decoded - started, resizeMs: performance.now() - decoded };
  } catch (error) {
    return { error: plainError(error) };
  }
}

/** The features of pictures, by each encoder; every picture comes at the size of each. */
async function encoded(
  encoders: readonly LoadedEncoder[],
  pictures: readonly (readonly Pixels[])[],
): Promise<readonly FeatureBatch[]> {
  const batches: FeatureBatch[] = [];
  for (const [i, { encoder }] of encoders.entries()) {
    batches.push({ images: pictures.length, data: await encoder.encode(pictures.map((pixels) => pixels[i]!)) });
  }
  return batches;
}

/** Log-probabilities of tokens for a picture, once for each region that is hidden. */
async function weighed(
  { encoders, captioner }: Loaded<unknown>,
  picture: ReadPicture,
  { tokens, hidden }: Extract<CaptioningRequest<unknown, unknown>, { kind: "weigh" }>,
  signal: CancelSignal,
): Promise<readonly (readonly number[])[]> {
  if ("error" in picture) throw new ShowtellError(picture.error.code, picture.error.message);
  throwIfCancelled(signal);
  const variants = hidden.map((region) =>
    picture.pixels.map((pixels) => (region === undefined ? pixels : hideRegion(pixels, region))),
  );
  return captioner.weigh(await encoded(encoders, variants), tokens, signal);
}

async function captionBatch(
  { encoders, captioner }: Loaded<unknown>,
  pictures: readonly ReadPicture[],
  options: CaptionOptions,
): Promise<readonly PictureOutcome[]> {
  throwIfCancelled(options.signal);
  const good = pictures.flatMap((one) => ("pixels" in one ? [one.pixels] : []));
  if (good.length === 0) return pictures as readonly { readonly error: PlainError }[];
  const started = performance.now();
  const batches = await encoded(encoders, good);
  const encodedAt = performance.now();
  const captions = (await captioner.caption(batches, withPlaces(options, pictures))).values();
  const searchMs = (performance.now() - encodedAt) / good.length;
  const networkMs = (encodedAt - started) / good.length;
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

/** Pictures that are decoded at a time and resized at once: one of 12 megapixels takes 36 MB until then. */
const decodedAtOnce = 4;

/** Makes the handler of a captioning thread's requests. */
export function captioningService<Load, Image, Details, LoadEvent>(
  openModel: OpenModel<Load, Image, Details, LoadEvent>,
): RequestHandler<CaptioningRequest<Load, Image>, CaptioningReply<Details>, CaptioningEvent<LoadEvent>> {
  let loaded: Loaded<Image> | undefined;
  /** Batches go through the engine one after the other; their pictures are read while the one before is computed. */
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = lanes(decodedAtOnce);
  return async (request, { signal, emit }) => {
    if (request.kind === "load") {
      const opened = await openModel(request.load, { signal, emit: (event) => emit({ kind: "loading", event }) });
      loaded = await load(opened);
      return { identity: loaded.captioner.identity, details: opened.details };
    }
    const model = loaded;
    if (model === undefined) throw new ShowtellError("INTERNAL", "the captioning thread was not loaded");
    const images = request.kind === "weigh" ? [request.image] : request.images;
    const reading = Promise.all(images.map((image) => inTurn(() => read(image, model, signal))));
    const before = queue;
    const onPartial = (partial: PartialCaption): void => emit({ kind: "partial", partial });
    const work = async (): Promise<CaptioningReply<Details>> => {
      const pictures = await reading;
      await before.catch(() => undefined);
      if (request.kind === "weigh") return { weights: await weighed(model, pictures[0]!, request, signal) };
      const options = { ...request.options, signal, ...(request.partials && { onPartial }) };
      return { outcomes: await captionBatch(model, pictures, options) };
    };
    const mine = work();
    queue = mine;
    return mine;
  };
}
