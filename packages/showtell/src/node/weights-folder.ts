// Where fetched and converted weights lie. Reads no file.
import { join } from "node:path";
import { encoderKinds } from "../models/encoder-graph.ts";
import { cacheFolder } from "./cache-folder.ts";

/** The folder of fetched and converted weights. */
export function weightsFolder(): string {
  return join(cacheFolder(), "weights");
}

/** The file of an encoder: that of a fetched one, for its name in the catalogue (with `-int8` or `-float16` where it is so); else the path given. */
export function encoderFile(nameOrPath: string): string {
  const isName = encoderKinds.some((kind) => [kind, `${kind}-int8`, `${kind}-float16`].includes(nameOrPath));
  return isName ? join(weightsFolder(), `${nameOrPath}.safetensors`) : nameOrPath;
}
