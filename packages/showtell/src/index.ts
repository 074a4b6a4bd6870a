// The browser-safe public entry.
export { ShowtellError, errorCodes } from "./base/errors.ts";
export type { ErrorCode } from "./base/errors.ts";
