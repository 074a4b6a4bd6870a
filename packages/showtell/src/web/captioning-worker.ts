// The thread that captions in a browser. Pictures come in, captions go out; the model is fetched here and never crosses.
import { ShowtellError } from "../base/errors.ts";
import { readBundle } from "../bundle/bundle.ts";
import type { NeighbourTable } from "../bundle/neighbour-table.ts";
import { unpackNeighbours } from "../bundle/neighbour-table.ts";
import { checkDecoder, checkEncoder } from "../bundle/self-test.ts";
import type { CaptionerParts } from "../caption/captioning-service.ts";
import { captioningService } from "../caption/captioning-service.ts";
import { readSafetensors } from "../safetensors/read.ts";
import type { EngineDescription, EngineOptions, WebEngine } from "./engine.ts";
import { startEngine } from "./engine.ts";
import type { WebImageSource } from "./image-reader.ts";
import { readImage } from "./image-reader.ts";
import type { FetchProgress, ModelFile } from "./model-files.ts";
import { fetchModelFile } from "./model-files.ts";
import { sessionsOf } from "./ort-session.ts";
import { serveRequests } from "./worker-thread.ts";

/** What is loaded, and how the engine is started. */
export interface WebCaptioningLoad {
  readonly model: ModelFile;
  readonly encoder: ModelFile | undefined;
  /** A table of training neighbours. */
  readonly neighbours: ModelFile | undefined;
  readonly engine: EngineOptions;
}

type Fetch = (file: ModelFile) => Promise<Uint8Array>;

async function partsOf({ model, encoder }: WebCaptioningLoad, fetchFile: Fetch): Promise<CaptionerParts> {
  const { url } = model;
  const { decoder, encoder: own, references, manifest } = readBundle(await fetchFile(model), url);
  if (decoder === undefined) {
    throw new ShowtellError("BUNDLE_KIND", `"${url}" holds an encoder but no decoder: name the bundle of a captioner`);
  }
  const members = [{ source: url, decoder, manifest, ...(references && { references }) }];
  const features = decoder.manifest.encoder;
  if (own !== undefined) return { members, inputs: [{ features, source: url, encoder: own }] };
  const { name, identity } = features;
  if (encoder === undefined) {
    throw new ShowtellError(
      "ENCODER_MISSING",
      `"${url}" was trained on the encoder "${name}" (${identity.slice(0, 12)}…): name the file of that encoder, too`,
    );
  }
  const { encoder: found } = readBundle(await fetchFile(encoder), encoder.url);
  if (found?.manifest.identity !== identity) {
    throw new ShowtellError(
      "ENCODER_MISMATCH",
      `"${url}" was trained on the encoder "${name}" (${identity.slice(0, 12)}…), and "${encoder.url}" is another: name the file of that encoder`,
    );
  }
  return { members, inputs: [{ features, source: encoder.url, encoder: found }] };
}

async function neighboursOf(file: ModelFile | undefined, fetchFile: Fetch): Promise<NeighbourTable | undefined> {
  if (file === undefined) return undefined;
  return unpackNeighbours(readSafetensors(await fetchFile(file), { source: `"${file.url}"` }), file.url);
}

/** Starts the engine; a graphics processor on which a model fails its self-test is not used, unless it was asked for. */
async function engineFor({ members, inputs }: CaptionerParts, options: EngineOptions): Promise<WebEngine> {
  const engine = await startEngine(options);
  if (engine.description.device === "wasm" || options.device === "webgpu") return engine;
  try {
    for (const { encoder, source } of inputs) await checkEncoder(encoder, sessionsOf(engine), source);
    for (const { decoder, source } of members) await checkDecoder(decoder, sessionsOf(engine), source);
    return engine;
  } catch {
    const plain = await startEngine({ ...options, device: "wasm" });
    const note = "not on the graphics processor, which fails the model's self-test";
    return { ...plain, description: { ...plain.description, note } };
  }
}

serveRequests(
  captioningService<WebCaptioningLoad, WebImageSource, EngineDescription, FetchProgress>(
    async (load, { signal, emit }) => {
      const fetchFile: Fetch = (file) => fetchModelFile(file, emit, signal as AbortSignal);
      const model = await partsOf(load, fetchFile);
      const parts = { ...model, neighbours: await neighboursOf(load.neighbours, fetchFile) };
      const engine = await engineFor(parts, load.engine);
      return { parts, openSession: sessionsOf(engine), readImage, details: engine.description };
    },
  ),
);
