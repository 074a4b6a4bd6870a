// Model files over HTTP: fetched with progress, checked by their hash, and kept by it in the browser's Cache Storage.
import { ShowtellError, messageOf } from "../base/errors.ts";
import { sha256Hex } from "../base/bytes.ts";

/** Where a model's file lies. */
export interface ModelFile {
  readonly url: string;
  /** SHA-256 of the file, in hex; a file with it is kept in the browser's cache and never fetched twice. */
  readonly sha256?: string;
}

/** How far a file has come. */
export interface FetchProgress {
  readonly url: string;
  readonly loadedBytes: number;
  /** Undefined if the server does not say. */
  readonly totalBytes: number | undefined;
}

/** The cache of this package; its keys are paths that no server has to have. */
const cacheName = "showtell-models";

function keyOf(sha256: string): string {
  return `/showtell-models/${sha256}`;
}

/** The browser's cache; undefined where pages have none (private windows, addresses that are not secure). */
async function openCache(): Promise<Cache | undefined> {
  try {
    return await caches.open(cacheName);
  } catch {
    return undefined;
  }
}

/**
 * The bytes of a model's file, from the cache if it is there.
 * @throws ShowtellError `DOWNLOAD` if it can't be fetched, `INTEGRITY` if it is another file.
 */
export async function fetchModelFile(
  file: ModelFile,
  onProgress: (progress: FetchProgress) => void,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { url } = file;
  const sha256 = file.sha256?.toLowerCase();
  const cache = sha256 === undefined ? undefined : await openCache();
  const kept = await cache?.match(keyOf(sha256!));
  if (kept !== undefined) {
    const bytes = new Uint8Array(await kept.arrayBuffer());
    if (sha256Hex(bytes) === sha256) return bytes;
    await cache!.delete(keyOf(sha256!));
  }
  const bytes = await download(url, onProgress, signal);
  if (sha256 === undefined) return bytes;
  const found = sha256Hex(bytes);
  if (found !== sha256) {
    throw new ShowtellError(
      "INTEGRITY",
      `"${url}" is not the file that is expected: its SHA-256 is ${found}, not ${sha256}`,
    );
  }
  // A full disk must not keep the page from captioning.
  await cache?.put(keyOf(sha256), new Response(bytes)).catch(() => undefined);
  return bytes;
}

async function download(
  url: string,
  onProgress: (progress: FetchProgress) => void,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`.trim());
    const length = Number(response.headers.get("content-length"));
    const totalBytes = length > 0 ? length : undefined;
    const pieces: Uint8Array[] = [];
    let loadedBytes = 0;
    const reader = response.body!.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      pieces.push(part.value);
      loadedBytes += part.value.length;
      onProgress({ url, loadedBytes, totalBytes });
    }
    return joined(pieces, loadedBytes);
  } catch (cause) {
    if (signal.aborted) throw new ShowtellError("CANCELLED", "cancelled by the caller");
    throw new ShowtellError("DOWNLOAD", `"${url}" could not be fetched: ${messageOf(cause)}`, { cause });
  }
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
