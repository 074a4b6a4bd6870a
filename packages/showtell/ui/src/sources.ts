// Where captions come from: the service beside the page, or the device itself. Both take a photo and give the same result.
import type { ErrorCode } from "showtell";
import { ShowtellError } from "showtell";
import type { CaptionResult, EngineDescription, WebCaptioner } from "showtell/web";
import { loadCaptioner } from "showtell/web";
import type { DeviceModel } from "./place.ts";
import type { Steering } from "./steering.ts";

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
  readonly results?: readonly (CaptionResult | { readonly error: Said })[];
  readonly error?: Said;
}

function thrownBy({ code, message }: Said): ShowtellError {
  return new ShowtellError(code as ErrorCode, message);
}

/** The service that serves the page. */
export const service: CaptionSource = {
  async caption(photo, steering, signal) {
    const form = new FormData();
    form.append("image", photo);
    for (const [name, value] of Object.entries(steering)) {
      for (const one of Array.isArray(value) ? value : [value]) form.append(name, String(one));
    }
    const response = await fetch("v1/captions", { method: "POST", body: form, signal }).catch((cause: unknown) => {
      if (signal.aborted) throw new ShowtellError("CANCELLED", "cancelled");
      throw new Error("The service can't be reached. Is it still running, and this device online?", { cause });
    });
    const answer = (await response.json().catch(() => ({}))) as Answer;
    const [result] = answer.results ?? [];
    if (result !== undefined && "error" in result) throw thrownBy(result.error);
    if (result !== undefined) return result;
    throw answer.error === undefined
      ? new Error(`The service answered ${response.status} ${response.statusText}, without a reason.`)
      : thrownBy(answer.error);
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
export async function openDevice(
  { model, encoder, engine }: DeviceModel,
  onProgress: (progress: LoadingProgress) => void,
): Promise<Device> {
  const totalBytes = model.bytes + (encoder?.bytes ?? 0);
  const loaded = new Map<string, number>();
  const captioner = await loadCaptioner({
    model,
    ...(encoder && { encoder }),
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
