// A service without a port: the encoder that ships, a tiny decoder, and requests as a client would make them.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadCaptioner } from "showtell/node";
import type { Captioner } from "showtell/node";
import { createService, describeModel } from "showtell/server";
import type { ModelDescription, Service, ServiceOptions } from "showtell/server";
import { photo } from "../cli/run.ts";
import { writeTinyModel } from "../cli/tiny-model.ts";

/** A loaded captioner, and services on it. */
export interface ServiceFixture {
  readonly captioner: Captioner;
  readonly model: ModelDescription;
  /** The path of the model's bundle. */
  readonly path: string;
  service(options?: Partial<ServiceOptions>): Service;
  dispose(): Promise<void>;
}

/** Loads the tiny model; one thread, since other files' tests have the other core. */
export async function openServiceFixture(maxPixels = 1_000_000): Promise<ServiceFixture> {
  const folder = mkdtempSync(join(tmpdir(), "showtell-service-"));
  const path = join(folder, "tiny.safetensors");
  await writeTinyModel(path);
  const captioner = await loadCaptioner({ model: path, threads: 1, maxPixels });
  const model = await describeModel(path);
  return {
    captioner,
    model,
    path,
    // The machine may be busy with other tests.
    service: ({ limits, ...options } = {}) =>
      createService({ captioner, model, limits: { deadlineMs: 300_000, ...limits }, ...options }),
    async dispose() {
      await captioner.dispose();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The bytes of a committed photo. */
export function photoBytes(name: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(photo(name)));
}

/** A request to a service at an address of this machine. */
export function request(path: string, init: RequestInit = {}): Request {
  return new Request(`http://localhost:8080${path}`, init);
}

/** A request whose body is one picture. */
export function pictureRequest(
  bytes: Uint8Array<ArrayBuffer> | string,
  init: RequestInit & { readonly query?: string } = {},
): Request {
  const { query = "", ...rest } = init;
  const headers = {
    "Content-Type": "application/octet-stream",
    ...(rest.headers as Record<string, string> | undefined),
  };
  return request(`/v1/captions${query}`, { method: "POST", body: bytes, ...rest, headers });
}

/** A caption request in JSON. */
export function jsonRequest(body: unknown, headers: Readonly<Record<string, string>> = {}): Request {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return request("/v1/captions", {
    method: "POST",
    body: text,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

/** A caption request as a form of files and other fields. */
export function formRequest(
  files: readonly (readonly [name: string, bytes: Uint8Array<ArrayBuffer> | string])[],
  fields: Readonly<Record<string, string>> = {},
): Request {
  const form = new FormData();
  for (const [name, bytes] of files) form.append("image", new File([bytes], name));
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return request("/v1/captions", { method: "POST", body: form });
}

/** A refusal's status and error. */
export async function refusalOf(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, ...error };
}
