// Where captions come from: the service beside the page, or the device itself. Both take a photo and give the same result.
import type { ErrorCode } from "showtell";
import { ShowtellError } from "showtell";
import type { CaptionResult, EngineDescription, WebCaptioner } from "showtell/web";
import { loadCaptioner } from "showtell/web";
import type { DeviceModel } from "./place.ts";
import { deviceBytes } from "./place.ts";
import type { Steering } from "./steering.ts";
import { authorisation, isGivenToken } from "./token.tsx";

/** An error in words. */
export interface Said {
  readonly code: string;
  readonly message: string;
}

/** What went wrong, in words, whatever was thrown. */
export function saidBy(thrown: unknown): Said {
  if (thrown instanceof ShowtellError) return { code: thrown.code, message: thrown.message };
  return { code: "INTERNAL", message: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** Captions photos. */
export interface CaptionSource {
  caption(photo: File, steering: Steering, signal: AbortSignal): Promise<CaptionResult>;
}

interface Answer {
  readonly results: readonly (CaptionResult | { readonly error: Said })[];
}

function cancelled(): ShowtellError {
  return new ShowtellError("CANCELLED", "cancelled");
}

function thrownBy({ code, message }: Said): ShowtellError {
  return new ShowtellError(code as ErrorCode, message);
}

/**
 * The JSON of an answer; nothing where a refusal has none.
 * @throws ShowtellError `CANCELLED`; an Error if what should be JSON is none, or not all of it came.
 */
export async function jsonOf(response: Response, signal?: AbortSignal | null): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    if (!response.ok) return {};
    if (signal?.aborted === true) throw cancelled();
    throw new Error("The answer was cut off, or did not come from the service.", { cause });
  }
}

/**
 * What the service that serves the page answers; its token is asked for where it wants one.
 * @param isAction Whether somebody has just done something to ask for it.
 * @throws ShowtellError what it refused the request with; an Error if it can't be reached.
 */
export async function answered<T>(
  address: string,
  request: Omit<RequestInit, "headers">,
  isAction = request.method === "POST",
): Promise<T> {
  const headers = authorisation();
  const response = await fetch(address, { ...request, headers }).catch((cause: unknown) => {
    if (request.signal?.aborted === true) throw cancelled();
    throw new Error("The service can't be reached. Is it still running, and this device online?", { cause });
  });
  const answer = (await jsonOf(response, request.signal)) as T & { readonly error?: Said };
  if (response.status === 401 && (await isGivenToken(headers, isAction))) return answered(address, request, isAction);
  if (answer.error !== undefined) throw thrownBy(answer.error);
  if (response.ok) return answer;
  throw new Error(`The service answered ${response.status} ${response.statusText}, without a reason.`);
}

/** The service that serves the page. */
export const service: CaptionSource = {
  async caption(photo, steering, signal) {
    const form = new FormData();
    form.append("image", photo);
    for (const [name, value] of Object.entries(steering)) {
      for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
    }
    const answer = await answered<Answer>("v1/captions", { method: "POST", body: form, signal });
    const [result] = answer.results;
    if (result === undefined) throw new Error("The service answered without a caption.");
    if ("error" in result) throw thrownBy(result.error);
    return result;
  },
};

/** How far loading has come. */
export interface LoadingProgress {
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** The device as a source of captions. */
export interface Device extends CaptionSource {
  readonly engine: EngineDescription;
  /** Its captioner, for what only it can do. */
  readonly captioner: WebCaptioner;
}

/** Loads the model onto the device; files that the browser keeps are not fetched again. */
export async function openDevice(place: DeviceModel, onProgress: (progress: LoadingProgress) => void): Promise<Device> {
  const { model, encoder, neighbours, engine } = place;
  const totalBytes = deviceBytes(place);
  const loaded = new Map<string, number>();
  const captioner = await loadCaptioner({
    model,
    ...(encoder && { encoder }),
    ...(neighbours && { neighbours }),
    engine,
    onProgress({ url, loadedBytes }) {
      loaded.set(url, loadedBytes);
      onProgress({ loadedBytes: [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0), totalBytes });
    },
  });
  return {
    engine: captioner.engine,
    captioner,
    caption: (photo, steering, signal) => captioner.caption(photo, { ...steering, signal }),
  };
}
