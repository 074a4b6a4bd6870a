// POST /v1/captions: from a request to an answer, whole or as a stream of events. What may come in, waits or is refused is decided elsewhere.
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { SSEStreamingApi } from "hono/streaming";
import { ShowtellError, plainError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";
import type { PartialCaption } from "../caption/caption-options.ts";
import type { Admission, Stay } from "./admission.ts";
import type { CaptionQueue } from "./caption-queue.ts";
import type { SentPicture } from "./caption-request.ts";
import { readCaptionRequest } from "./caption-request.ts";
import type { ServiceLimits } from "./limits.ts";
import type { ServiceMetrics } from "./metrics.ts";
import { publicError, statusOf } from "./refusal.ts";
import type { CaptionAnswer, CaptionEvents, PictureResult, RequestOptions } from "./schemas.ts";
import { fetchPicture } from "./url-pictures.ts";

/** What the operation works with. */
export interface Captioning {
  readonly queue: CaptionQueue;
  readonly admission: Admission;
  readonly limits: ServiceLimits;
  readonly metrics: ServiceMetrics;
  /** Identity of the model. */
  readonly model: string;
  readonly allowUrls: boolean;
  /** Told of what went wrong inside the service. */
  readonly onFailure: (error: PlainError) => void;
}

/** Captions the pictures of a request. @throws ShowtellError for a request that is refused as a whole. */
export async function createCaptions(context: Context, captioning: Captioning): Promise<Response> {
  const { admission, limits } = captioning;
  const wantsEvents = context.req.header("accept")?.includes("text/event-stream") === true;
  const stay = admission.enter(context.req.raw, limits.maxBodyBytes);
  let streams = false;
  try {
    const request = await readCaptionRequest(context.req.raw, limits, stay);
    const pictures = await loaded(request.pictures, captioning, stay);
    const work = begun(pictures, { options: request.options, wantsEvents }, captioning, stay);
    if (wantsEvents) {
      streams = true;
      return streamSSE(context, (stream) => tellEvents(stream, work, captioning, stay));
    }
    const answer = answerOf(await Promise.all(work.results));
    return context.json(answer, answer.error === undefined ? 200 : statusOf(answer.error.code));
  } finally {
    if (!streams) stay.leave();
  }
}

type LoadedPicture = { readonly name: string } & ({ readonly bytes: Uint8Array } | { readonly error: PlainError });

/** Fetches the pictures that are named by URLs, one after the other; one that can't be has an error. */
async function loaded(
  pictures: readonly SentPicture[],
  { allowUrls, limits: { maxBodyBytes } }: Captioning,
  stay: Stay,
): Promise<readonly LoadedPicture[]> {
  const isFetching = allowUrls && pictures.some((picture) => "url" in picture);
  // What is fetched counts besides what was sent.
  if (isFetching) stay.hold(2 * maxBodyBytes);
  let room = maxBodyBytes;
  const all: LoadedPicture[] = [];
  for (const picture of pictures) {
    if ("bytes" in picture) {
      all.push(picture);
      continue;
    }
    try {
      if (!allowUrls) throw new ShowtellError("URL_REFUSED", "fetching URLs is switched off: send the picture itself");
      const bytes = await fetchPicture(picture.url, { maxBytes: room, signal: stay.signal });
      room -= bytes.length;
      all.push({ name: picture.name, bytes });
    } catch (thrown) {
      if (stay.signal.aborted) throw thrown;
      all.push({ name: picture.name, error: plainError(thrown) });
    }
  }
  return all;
}

interface Work {
  readonly names: readonly string[];
  readonly results: readonly Promise<PictureResult>[];
  /** Whoever is set here is told of partial captions, by the picture's place in the request. */
  onPartial: ((partial: PartialCaption) => void) | undefined;
}

/** Puts the pictures into the queue. @throws ShowtellError `BUSY`. */
function begun(
  pictures: readonly LoadedPicture[],
  { options, wantsEvents }: { readonly options: RequestOptions; readonly wantsEvents: boolean },
  captioning: Captioning,
  stay: Stay,
): Work {
  const places = pictures.flatMap((picture, place) => ("bytes" in picture ? [place] : []));
  const onPartial = (partial: PartialCaption): void => work.onPartial?.({ ...partial, image: places[partial.image]! });
  const outcomes = captioning.queue
    .add({
      pictures: pictures.flatMap((picture) =>
        "bytes" in picture ? [{ name: picture.name, bytes: picture.bytes }] : [],
      ),
      options,
      signal: stay.signal,
      ...(wantsEvents && { onPartial }),
    })
    .values();
  const results = pictures.map(async (picture): Promise<PictureResult> => {
    const outcome = "error" in picture ? picture : await outcomes.next().value!;
    return resultOf(picture.name, outcome, captioning);
  });
  // A request that is given up rejects all of them, and only the first is looked at.
  for (const result of results) result.catch(() => undefined);
  const work: Work = { names: pictures.map(({ name }) => name), results, onPartial: undefined };
  return work;
}

function resultOf(
  image: string,
  outcome: Awaited<ReturnType<CaptionQueue["add"]>[number]> | { readonly error: PlainError },
  { metrics, onFailure }: Captioning,
): PictureResult {
  if ("error" in outcome) {
    const { error } = outcome;
    metrics.onPicture(error.code);
    if (statusOf(error.code) === 500) onFailure(error);
    return { image, error: publicError(error) };
  }
  metrics.onPicture("ok");
  metrics.onTimings(outcome.result.timings);
  return { image, ...outcome.result };
}

function answerOf(results: readonly PictureResult[]): CaptionAnswer {
  const [first] = results;
  const failed = results.every((result) => "error" in result);
  return { results, ...(failed && "error" in first! && { error: first.error }) };
}

/**
 * Tells a stream what happens, from the start to the answer. The stay ends with the work, within its deadline: a client that does not read
 * what it is told keeps that, like any answer, but not its place.
 */
async function tellEvents(stream: SSEStreamingApi, work: Work, captioning: Captioning, stay: Stay): Promise<void> {
  let last: Promise<void> | undefined;
  const tell = <Name extends keyof CaptionEvents>(event: Name, data: CaptionEvents[Name]): void => {
    last = stream.writeSSE({ event, data: JSON.stringify(data) });
  };
  stream.onAbort(() => stay.giveUp());
  work.onPartial = ({ image, caption, settled }) => tell("partial", { index: image, caption, settled });
  try {
    tell("start", { images: [...work.names], model: captioning.model });
    const results = await Promise.all(
      work.results.map(async (promise, index) => {
        const result = await promise;
        tell("result", { index, result });
        return result;
      }),
    );
    tell("done", answerOf(results));
  } catch (thrown) {
    const error = plainError(thrown);
    if (statusOf(error.code) === 500) captioning.onFailure(error);
    tell("error", { error: publicError(error) });
  } finally {
    stay.leave();
  }
  await last;
}
