// What a feature cache's rows are: the key, the folder named after it, and the description in that folder. Knows nothing of rows.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { sha256Hex } from "../base/bytes.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import type { PictureView } from "../image/views.ts";
import { systemCodeOf, unreadable, writeFileAtomically } from "./files.ts";

/** What features depend on: with another key they are other features, in another folder. */
export interface FeatureKey {
  /** The encoder's identity. */
  readonly encoder: string;
  /** A hash of the preprocessing. */
  readonly preprocessing: string;
  /** The encoder's output, such as "pooled" or "grid": letters, digits and hyphens. */
  readonly layer: string;
  /** How pictures are looked at; default "plain". */
  readonly view?: PictureView;
  /** The shape of one picture's features, such as [2048] or [49, 2048]. */
  readonly shape: readonly number[];
}

const formatVersion = 1;
const fileName = "features.json";

/** The plain view goes without saying, as it did before there were others. */
function description({ encoder, preprocessing, layer, view = "plain", shape }: FeatureKey): object {
  const seen = view === "plain" ? {} : { view };
  return { format: formatVersion, encoder, preprocessing, layer, ...seen, shape: [...shape], dtype: "float16" };
}

/**
 * The folder of a key's features below a folder for all of them.
 * @throws ShowtellError `ARGUMENT` if the key's layer or shape can't be.
 */
export function featureFolder(root: string, key: FeatureKey): string {
  if (!/^[A-Za-z0-9-]+$/.test(key.layer)) {
    throw new ShowtellError("ARGUMENT", `a layer's name is made of letters, digits and hyphens, not "${key.layer}"`);
  }
  if (key.shape.length === 0 || !key.shape.every((dimension) => Number.isSafeInteger(dimension) && dimension > 0)) {
    throw new ShowtellError("ARGUMENT", `a picture's features can't have the shape [${key.shape.join(", ")}]`);
  }
  const { layer, view = "plain" } = key;
  const name = view === "plain" ? layer : `${layer}-${view}`;
  return join(root, `${name}-${sha256Hex(JSON.stringify(description(key))).slice(0, 16)}`);
}

/**
 * Whether the folder has a description; if so, it describes the key's features.
 * @throws ShowtellError `CACHE_FORMAT` if it describes others or can't be understood, `FILE_NOT_FOUND` if it can't be read.
 */
export async function isDescribed(folder: string, key: FeatureKey): Promise<boolean> {
  const path = join(folder, fileName);
  let found: unknown;
  try {
    found = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    if (systemCodeOf(cause) === "ENOENT") return false;
    if (!(cause instanceof SyntaxError)) throw unreadable(path, cause);
    throw new ShowtellError("CACHE_FORMAT", `"${path}" is not JSON (${messageOf(cause)}); delete the folder`, {
      cause,
    });
  }
  if (isDeepStrictEqual(found, description(key))) return true;
  throw new ShowtellError(
    "CACHE_FORMAT",
    `"${path}" should say ${JSON.stringify(description(key))}, and says something else; delete the folder`,
  );
}

/** Writes the folder's description. */
export async function describe(folder: string, key: FeatureKey): Promise<void> {
  await writeFileAtomically(join(folder, fileName), `${JSON.stringify(description(key), undefined, 2)}\n`);
}
