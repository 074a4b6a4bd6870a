// Where showtell keeps what it can fetch or compute again: the platform's cache folder. Knows nothing of what lies there.
import { isAbsolute, resolve } from "node:path";
import envPaths from "env-paths";
import { ShowtellError } from "../base/errors.ts";

/** The environment variable that names another cache folder (an absolute path). */
const cacheVariable = "SHOWTELL_CACHE";

/**
 * The cache folder, which need not exist yet: `SHOWTELL_CACHE` if set and not empty, else the platform's (`~/.cache/showtell` or below
 * `$XDG_CACHE_HOME` on Linux, `~/Library/Caches/showtell` on macOS, `%LOCALAPPDATA%\showtell\Cache` on Windows).
 * @throws ShowtellError `ARGUMENT` if the variable holds a relative path: each working folder would get a cache of its own.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const named = environment[cacheVariable];
  if (named === undefined || named === "") return envPaths("showtell", { suffix: "" }).cache;
  if (!isAbsolute(named)) {
    throw new ShowtellError(
      "ARGUMENT",
      `${cacheVariable} is "${named}", and must be an absolute path, say "${resolve(named)}"`,
    );
  }
  return named;
}
