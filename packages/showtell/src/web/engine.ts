// ONNX Runtime for the web, started once in the thread that calls: which device it computes on, and how many threads it gets.
import type * as Ort from "onnxruntime-web";
import { ShowtellError, messageOf } from "../base/errors.ts";

/** What the engine computes on. */
export type WebDevice = "webgpu" | "wasm";

/** How the engine is started. */
export interface EngineOptions {
  /** URL of a folder with the `ort-wasm-…` files of onnxruntime-web, ending in a slash. */
  readonly folder: string;
  /** Default: the graphics processor where the browser gives one that is not computed in software, else WebAssembly. */
  readonly device?: WebDevice;
  /** Threads of WebAssembly; default: one a processor, at most 4. Without cross-origin isolation there is one in any case. */
  readonly threads?: number;
}

/** How the engine runs here, for people to be told. */
export interface EngineDescription {
  readonly device: WebDevice;
  readonly threads: number;
  /** Why it runs slower than it could, in words; undefined if it does not. */
  readonly note?: string;
}

/** A started engine. */
export interface WebEngine {
  readonly ort: typeof Ort;
  readonly description: EngineDescription;
}

/** More threads than this cost more in waiting than they give. */
const mostThreads = 4;

/** The part of WebGPU that is asked whether it is there; the DOM types of TypeScript may not have it yet. */
interface Gpu {
  requestAdapter(): Promise<GpuAdapter | null>;
}

interface GpuAdapter {
  readonly info?: { readonly isFallbackAdapter?: boolean };
}

/** Whether there is a graphics processor; one that the browser computes in software is far slower than WebAssembly. */
async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as { readonly gpu?: Gpu };
  try {
    const adapter = (await gpu?.requestAdapter()) ?? undefined;
    return adapter !== undefined && adapter.info?.isFallbackAdapter !== true;
  } catch {
    return false; // a blocked driver: as good as none
  }
}

function threadsOf({ threads }: EngineOptions): Omit<EngineDescription, "device"> {
  if (globalThis.crossOriginIsolated) {
    return { threads: threads ?? Math.max(1, Math.min(mostThreads, navigator.hardwareConcurrency)) };
  }
  const note =
    "one thread only, because the page is not cross-origin isolated: whoever serves it has to send the headers " +
    "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";
  return { threads: 1, note };
}

/** The build of the engine for a device: the one with WebGPU is twice as large. */
const builds: Readonly<Record<WebDevice, () => Promise<typeof Ort>>> = {
  webgpu: () => import("onnxruntime-web/webgpu"),
  wasm: () => import("onnxruntime-web/wasm"),
};

/**
 * Starts the engine. Its pool of threads is shared by all sessions.
 * @throws ShowtellError `ENGINE` if its files can't be loaded.
 */
export async function startEngine(options: EngineOptions): Promise<WebEngine> {
  const device = options.device ?? ((await hasGpu()) ? "webgpu" : "wasm");
  const { threads, note } = threadsOf(options);
  try {
    const ort = await builds[device]();
    ort.env.wasm.wasmPaths = options.folder;
    ort.env.wasm.numThreads = threads;
    // What fails is thrown, and the library is silent.
    ort.env.logLevel = "fatal";
    return { ort, description: { device, threads, ...(note !== undefined && device === "wasm" && { note }) } };
  } catch (cause) {
    throw new ShowtellError("ENGINE", `the inference engine could not start: ${messageOf(cause)}`, { cause });
  }
}
