// Errors as answers: the HTTP status of each code, and the JSON that all refusals share. Knows no route.
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ShowtellError } from "../base/errors.ts";
import type { ErrorCode, PlainError } from "../base/errors.ts";

/** The status of what a client can do something about; any other code is an error of the service: 500. */
const statuses: { readonly [Code in ErrorCode]?: ContentfulStatusCode } = {
  ARGUMENT: 400,
  WORD_UNKNOWN: 400,
  REFERENCES_MISSING: 400,
  CALIBRATION_MISSING: 400,
  IMAGE_EMPTY: 422,
  IMAGE_FORMAT: 415,
  IMAGE_DECODE: 422,
  IMAGE_TOO_LARGE: 413,
  REQUEST_FORMAT: 400,
  REQUEST_TYPE: 415,
  REQUEST_TOO_LARGE: 413,
  NOT_FOUND: 404,
  METHOD: 405,
  UNAUTHORISED: 401,
  ORIGIN: 403,
  BUSY: 429,
  DEADLINE: 503,
  SHUTTING_DOWN: 503,
  URL_REFUSED: 403,
  URL_FETCH: 422,
  // Nobody reads the answer: the client has left.
  CANCELLED: 400,
};

/** The HTTP status of an error's code. */
export function statusOf(code: ErrorCode): ContentfulStatusCode {
  return statuses[code] ?? 500;
}

/** A refusal that tells when to come back. */
export class RetryLaterError extends ShowtellError {
  readonly retryAfterSeconds: number;

  constructor(code: ErrorCode, message: string, retryAfterSeconds: number) {
    super(code, message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** An error as a client may see it: what is wrong inside the service is in its log, not in its answers. */
export function publicError({ code, message }: PlainError): PlainError {
  if (statusOf(code) !== 500) return { code, message };
  return { code, message: "the service failed; its log says why" };
}

/** The headers that go with a refusal. */
export function refusalHeaders(error: unknown): Record<string, string> {
  if (error instanceof RetryLaterError) return { "Retry-After": String(error.retryAfterSeconds) };
  if (error instanceof ShowtellError && error.code === "UNAUTHORISED") return { "WWW-Authenticate": "Bearer" };
  return {};
}
