// Who may ask: the token, the web pages of other origins, the host's name. Knows no operation.
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { ShowtellError } from "../base/errors.ts";

/** What is let in. */
export interface AccessRules {
  /** The bearer token that guarded operations ask for; default: none. */
  readonly token?: string;
  /** Origins of other web pages that may use the service, such as "https://example.org"; default: none. */
  readonly origins?: readonly string[];
  /**
   * Whether only hosts that mean this machine (or belong to `origins`) may be named in requests; default false. For a service on the loopback
   * interface: a web page can make its own name resolve to 127.0.0.1, and would then count as the same origin.
   */
  readonly localOnly?: boolean;
}

/** Lets pages of the given origins read the answers; without any, browsers refuse all other pages that. */
export function crossOrigin({ origins = [] }: AccessRules): MiddlewareHandler {
  return cors({
    origin: [...origins],
    allowMethods: ["GET", "POST"],
    allowHeaders: ["Authorization", "Content-Type"],
    exposeHeaders: ["Retry-After"],
    maxAge: 600,
  });
}

/** Refuses requests that other web pages send, and those that name a host which this is not. */
export function knownOrigin({ origins = [], localOnly = false }: AccessRules): MiddlewareHandler {
  requireOrigins(origins);
  const hosts = new Set(origins.map((origin) => new URL(origin).host));
  return async (context, next) => {
    const { host, hostname } = new URL(context.req.url);
    if (localOnly && !isThisMachine(hostname) && !hosts.has(host)) {
      throw new ShowtellError(
        "ORIGIN",
        `the host "${host}" is not served: name it by --cors, or listen at another --host`,
      );
    }
    const origin = context.req.header("origin");
    // Reading is the browser's to refuse. Work is not done for a page that may not see it.
    const works = context.req.method === "POST";
    if (works && origin !== undefined && !origins.includes(origin) && !isOriginOf(origin, host)) {
      throw new ShowtellError("ORIGIN", `pages of "${origin.slice(0, 200)}" are not served: allow them by --cors`);
    }
    await next();
  };
}

/** Refuses what is no origin. @throws ShowtellError `ARGUMENT`. */
export function requireOrigins(origins: readonly string[]): void {
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (wrong === undefined) return;
  throw new ShowtellError(
    "ARGUMENT",
    `"${wrong}" is no origin: write it like https://example.org, with nothing after the host`,
  );
}

function isOriginOf(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Whether a host in a URL can only be this machine, or is an address: a page can't make that its own name. */
function isThisMachine(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || isIP(hostname.replace(/^\[|\]$/g, "")) !== 0;
}

/** Refuses a token that no request can carry, for what is sent is ASCII without spaces. @throws ShowtellError `ARGUMENT`. */
export function requireSendable(token: string): void {
  if (/^[!-~]+$/.test(token)) return;
  throw new ShowtellError(
    "ARGUMENT",
    "the token (--token, SHOWTELL_TOKEN) is empty, or has spaces or characters beyond ASCII, so that no request can carry it: name another one",
  );
}

/** Refuses requests without the token. The comparison takes the same time wherever the two differ. @throws ShowtellError `ARGUMENT` for a token that none can carry. */
export function requireToken(token: string): MiddlewareHandler {
  requireSendable(token);
  const wanted = digest(token);
  return async (context, next) => {
    const sent = bearerToken(context);
    if (sent === undefined || !timingSafeEqual(digest(sent), wanted)) {
      throw new ShowtellError("UNAUTHORISED", "a token is asked for: send the header Authorization: Bearer TOKEN");
    }
    await next();
  };
}

/** The token that a request carries (RFC 6750), if it does. */
export function bearerToken(context: Context): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(context.req.header("authorization") ?? "")?.[1];
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
