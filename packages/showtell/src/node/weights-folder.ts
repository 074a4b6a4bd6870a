// Where weights lie by their names: those that ship, and fetched and converted ones. Reads no file.
import { basename, join } from "node:path";
import { encoderKinds } from "../models/encoder-graph.ts";
import { cacheFolder } from "./cache-folder.ts";
import { defaultEncoder } from "./shipped-models.ts";

/** The folder of fetched and converted weights. */
export function weightsFolder(): string {
  return join(cacheFolder(), "weights");
}

/**
 * The file of an encoder: that of the one that ships or of a fetched one, for its name in the catalogue (with `-int8`, `-float16` or `-integer`
 * where it is so); else the path given.
 */
export function encoderFile(nameOrPath: string): string {
  if (`${nameOrPath}.safetensors` === basename(defaultEncoder)) return defaultEncoder;
  const isName = encoderKinds.some((kind) =>
    [kind, `${kind}-int8`, `${kind}-float16`, `${kind}-integer`].includes(nameOrPath),
  );
  return isName ? join(weightsFolder(), `${nameOrPath}.safetensors`) : nameOrPath;
}
