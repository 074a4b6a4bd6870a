// Pictures by URL: fetched from public addresses only. The address that was checked is the one that is connected to, so that a name which
// resolves to something else a moment later leads nowhere new; each redirect is checked again. Knows nothing of pictures.
import { lookup } from "node:dns/promises";
import { request as requestHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { ShowtellError, messageOf } from "../base/errors.ts";
import { Turns } from "./turns.ts";

/** Settings of {@link fetchPicture}. */
export interface FetchPictureOptions {
  readonly maxBytes: number;
  /** Gives up; its reason is what is thrown. */
  readonly signal: AbortSignal;
  /** Most milliseconds from the first look-up to the last byte; default 10,000. */
  readonly timeoutMs?: number;
  /** All addresses of a host's name, for as long as the signal lets it; default: the system's resolver. */
  readonly resolve?: (host: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Whether an address may be connected to; default {@link isPublicAddress}. */
  readonly isAllowed?: (address: string) => boolean;
}

const mostRedirects = 3;
const defaultTimeoutMs = 10_000;
const globalUnicast: readonly [ipaddr.IPv6, number] = [ipaddr.IPv6.parse("2000::"), 3];

/** Whether an IP address belongs to the public internet: no private, local, shared, reserved or translated range. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0) return false;
  const address = ipaddr.process(text); // an IPv4 address inside an IPv6 one becomes itself
  if (address.range() !== "unicast") return false;
  // All that IANA has given out; what lies outside is at best unused.
  return address instanceof ipaddr.IPv4 || address.match(globalUnicast[0], globalUnicast[1]);
}

/**
 * The bytes at a URL.
 * @throws ShowtellError `URL_REFUSED` if it, or what it redirects to, is no http(s) URL of a public address; `URL_FETCH` if it can't be
 * fetched in time; `REQUEST_TOO_LARGE`; the signal's reason.
 */
export async function fetchPicture(url: string, options: FetchPictureOptions): Promise<Uint8Array> {
  const { signal, timeoutMs = defaultTimeoutMs } = options;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const stop = (): void => late.abort();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    let from = new URL(url);
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const response = await get(from, options, late.signal);
      const { statusCode = 0, headers } = response;
      if (statusCode === 200) return await contentOf(response, from, options.maxBytes);
      response.destroy();
      if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
        throw new ShowtellError("URL_FETCH", `"${from.href}" answers with status ${statusCode}: check the URL`);
      }
      from = redirected(headers.location, from);
    }
    throw new ShowtellError("URL_FETCH", `"${url}" redirects more than ${mostRedirects} times`);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    if (cause instanceof ShowtellError) throw cause;
    const reason = late.signal.aborted ? `not there within ${timeoutMs / 1000} s` : messageOf(cause);
    throw new ShowtellError("URL_FETCH", `"${url}" can't be fetched: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function redirected(location: string, from: URL): URL {
  if (URL.canParse(location, from.href)) return new URL(location, from);
  throw new ShowtellError("URL_FETCH", `"${from.href}" redirects to what is no URL`);
}

/** Sends a request to an address that was found to be allowed, and gives the head of the answer. */
async function get(url: URL, options: FetchPictureOptions, signal: AbortSignal): Promise<IncomingMessage> {
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ShowtellError("URL_REFUSED", `"${url.href}" is not http or https: give a URL of a picture on the web`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new ShowtellError("URL_REFUSED", `the URL of ${url.host} has a user name or password in it: leave them out`);
  }
  const address = await allowedAddress(url, options, signal);
  const family = isIP(address);
  // Newer versions of Node.js ask for all addresses.
  const pinned: LookupFunction = (_host, { all }, done) =>
    all === true ? done(null, [{ address, family }]) : done(null, address, family);
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const headers = { accept: "image/*", "accept-encoding": "identity" };
    // No agent: a connection kept for later would be used again without a look-up.
    request(url, { lookup: pinned, agent: false, signal, headers }, resolve).on("error", reject).end();
  });
}

/** The first address of a URL's host, if all of them are allowed. */
async function allowedAddress(url: URL, options: FetchPictureOptions, signal: AbortSignal): Promise<string> {
  const { isAllowed = isPublicAddress } = options;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) === 0 ? await addressesOf(host, options, signal) : [host];
  if (addresses.length > 0 && addresses.every(isAllowed)) return addresses[0]!;
  throw new ShowtellError(
    "URL_REFUSED",
    `"${url.host}" is not only at public addresses: nothing inside a private network is fetched; send the picture itself`,
  );
}

/** The addresses of a name, unless they are not waited for any more. */
async function addressesOf(
  host: string,
  { resolve = resolveBySystem }: FetchPictureOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  signal.throwIfAborted();
  return new Promise((done, fail) => {
    signal.addEventListener("abort", () => fail(signal.reason as Error), { once: true });
    resolve(host, signal).then(done, fail);
  });
}

/**
 * A look-up by the system can't be called off, and Node.js makes two at a time, in half of its threads. Those that wait do so here, where
 * they can leave.
 */
const lookups = new Turns(2, 64);

async function resolveBySystem(host: string, signal: AbortSignal): Promise<readonly string[]> {
  const found = await lookups.take(signal, () => lookup(host, { all: true }));
  return found.map(({ address }) => address);
}

async function contentOf(response: IncomingMessage, url: URL, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    // Leaving the loop ends the connection.
    if (size > maxBytes) {
      throw new ShowtellError(
        "REQUEST_TOO_LARGE",
        `"${url.href}" has more than ${maxBytes} bytes: send a smaller picture`,
      );
    }
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}
