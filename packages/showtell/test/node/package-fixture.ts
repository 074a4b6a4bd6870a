// For the tests of packages: tarballs written entry by entry (also such as no tool would write), and a registry on this machine.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import type { NpmPackage } from "../../src/node/package-download.ts";

/** One entry of a tarball; `type` is the tar format's letter: "0" file, "1" hard link, "2" symbolic link, "5" folder. */
export interface Entry {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly type?: string;
  readonly link?: string;
}

function entryBytes({ path, content = "", type = "0", link = "" }: Entry): Buffer {
  const data = Buffer.from(content as string);
  const header = Buffer.alloc(512);
  header.write(path, 0, 100, "utf8");
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(link, 157, 100, "utf8");
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.length % 512)) % 512)]);
}

/** A gzipped tarball of the given entries. */
export function tarballOf(entries: readonly Entry[]): Buffer {
  return gzipSync(Buffer.concat([...entries.map(entryBytes), Buffer.alloc(1024)]));
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** What a package is known by, for a tarball and the content of the wanted files. */
export function specOf(tarball: Buffer, wanted: Readonly<Record<string, string | Uint8Array>>): NpmPackage {
  return {
    registry: "npm",
    name: "little-weights",
    version: "1.2.3",
    integrity: `sha512-${createHash("sha512").update(tarball).digest("base64")}`,
    tarballBytes: tarball.length,
    unpackedBytes: 4_000_000,
    files: Object.fromEntries(Object.entries(wanted).map(([path, content]) => [path, sha256(content)])),
  };
}

/** A registry on this machine, with one package. */
export interface Registry {
  readonly url: string;
  /** Every request so far: path and credentials. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
  /** What it answers to a request for the tarball; by default, the tarball. */
  serve: (response: ServerResponse, request: IncomingMessage) => void;
  close(): Promise<void>;
}

export async function startRegistry(spec: NpmPackage, tarball: Buffer): Promise<Registry> {
  const server = createServer((request, response) => {
    registry.requests.push({ path: request.url!, authorization: request.headers.authorization });
    if (request.url === `/${spec.name}`) {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(packument(spec, registry.url)));
    } else if (request.url === `/${spec.name}.tgz`) {
      registry.serve(response, request);
    } else {
      response.writeHead(404).end("{}");
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as { port: number };
  const registry: Registry = {
    url: `http://127.0.0.1:${address.port}`,
    requests: [],
    serve: (response) => response.end(tarball),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return registry;
}

function packument({ name, version, integrity }: NpmPackage, url: string): object {
  const dist = { integrity, tarball: `${url}/${name}.tgz` };
  return { name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist } } };
}
