// Inside of a page: the session port on onnxruntime-web, and what the tests ask of it.
import type { OpenSession } from "../../src/engine/session.ts";
import { startEngine } from "../../src/web/engine.ts";
import { sessionsOf } from "../../src/web/ort-session.ts";
import { sessionConformance } from "../engine/session-conformance.ts";
import { tenLosses } from "../train/ten-steps.ts";
import { runTest, testNames } from "./page-vitest.ts";

const device = location.hash === "#webgpu" ? "webgpu" : "wasm";
const folder = new URL("/engine/", import.meta.url).href;
const engine = await startEngine({ folder, device, threads: 2 });
const openSession: OpenSession = sessionsOf(engine);
sessionConformance("the web", openSession);

/** What the page gives to tests. */
export const port = {
  description: engine.description,
  /** What an engine runs on where nothing is asked for. */
  usualDevice: async (): Promise<string> => (await startEngine({ folder })).description.device,
  testNames,
  runTest,
  tenLosses: (): Promise<number[]> => tenLosses(openSession),
};

Object.assign(globalThis, { port });
