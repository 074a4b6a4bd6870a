// The public entry for Node.js.
export { ShowtellError } from "../base/errors.ts";
