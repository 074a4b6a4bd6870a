// The web page's files: the built page, and beside it what captions on the device need (model, engine) and `page.json`, which
// tells the page so. Serves and copies nothing itself.
import { createReadStream, existsSync } from "node:fs";
import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { ShowtellError } from "../base/errors.ts";
import { summaryOf } from "../bundle/calibration.ts";
import { calibrationOf } from "../caption/confidence.ts";
import { inputOfNeighbours } from "../caption/training-neighbours.ts";
import { defaultModel, shippedModels } from "./shipped-models.ts";
import type { ModelArgument } from "./captioner-files.ts";
import { readCaptionerFiles } from "./captioner-files.ts";
import { readNeighbours } from "./neighbours.ts";

/** Where the built page lies in the package. */
const shippedPage: string = fileURLToPath(new URL("../ui/", import.meta.url));

/** A file of the page: one on disk, or a text. */
export type PageFile =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "text"; readonly text: string };

/** Files by their address below the page's, `models/flickr8k.safetensors` say. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** The engine's files that the page loads: one pair for WebAssembly, one for WebGPU. */
const engineFiles = ["", ".asyncify"].flatMap((build) =>
  ["mjs", "wasm"].map((ending) => `ort-wasm-simd-threaded${build}.${ending}`),
);

/** The files of the built page itself. @throws ShowtellError `FILE_NOT_FOUND` if it is not built. */
export async function builtPageFiles(): Promise<PageFiles> {
  if (!existsSync(join(shippedPage, "index.html"))) {
    throw new ShowtellError(
      "FILE_NOT_FOUND",
      `the web page is not built (${shippedPage}): in a clone, run npm run build:page`,
    );
  }
  const entries = await readdir(shippedPage, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(shippedPage.length).replaceAll("\\", "/"), { kind: "file", path }]),
  );
}

/** What {@link deviceFiles} is asked for. */
export interface DeviceFilesOptions {
  /** The model that captions on the device; default: the one that ships. An ensemble captions on a server only. */
  readonly model?: ModelArgument;
  /** Whether a service answers at `v1/captions` beside the page. */
  readonly service: boolean;
  /** Path of a table of training neighbours, which the service tells of (where there is one) and the device loads. */
  readonly neighbours?: string;
  /** Whether the device captions, too, for which everybody may load the model; default true. */
  readonly onDevice?: boolean;
  /** Whether that service shows training runs; default false. */
  readonly runs?: boolean;
  /** Whether that service keeps feedback; default false. */
  readonly feedback?: boolean;
}

/**
 * What lies beside the built page: `page.json`, and for captions on the device the model and the engine.
 * @throws ShowtellError what reading a model throws; `NEIGHBOURS_FORMAT`, or `ENCODER_MISMATCH` for a table of other features.
 */
export async function deviceFiles({
  model = defaultModel,
  neighbours,
  onDevice = true,
  ...place
}: DeviceFilesOptions): Promise<PageFiles> {
  const { members, inputs } = await readCaptionerFiles(model);
  if (neighbours !== undefined) {
    const read = inputs.map(({ features }) => features);
    inputOfNeighbours(await readNeighbours(neighbours), read);
  }
  const calibration = calibrationOf(members);
  const told = {
    ...place,
    neighbours: place.service && neighbours !== undefined,
    ...(calibration && { calibration: summaryOf(calibration) }),
  };
  const [member, ...others] = members;
  if (others.length > 0 || !onDevice) return new Map([["page.json", pageJson(told)]]);
  const engineFolder = dirname(createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
  const files = new Map<string, PageFile>(
    engineFiles.map((name) => [`engine/${name}`, { kind: "file", path: join(engineFolder, name) }]),
  );
  const added = async (path: string, folder = "models"): Promise<object> => {
    const url = `${folder}/${basename(path)}`;
    files.set(url, { kind: "file", path });
    return { url, sha256: await sha256Of(path), bytes: (await stat(path)).size };
  };
  const decoder = member!.source;
  const encoder = inputs[0]!.source;
  const device = {
    name: basename(decoder, ".safetensors"),
    engine: "engine/",
    model: await added(decoder),
    ...(encoder !== decoder && { encoder: await added(encoder) }),
    ...(neighbours !== undefined && { neighbours: await added(neighbours, "training") }),
  };
  const licence = join(shippedModels, "LICENSE.md");
  if (dirname(decoder) === dirname(licence)) files.set("models/LICENSE.md", { kind: "file", path: licence });
  return files.set("page.json", pageJson({ ...told, device }));
}

function pageJson(place: object): PageFile {
  return { kind: "text", text: `${JSON.stringify(place)}\n` };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
