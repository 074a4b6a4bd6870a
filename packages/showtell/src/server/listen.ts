// A service at a port: the adapter to Node's HTTP server, and how it comes to rest. Knows no operation.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { Service } from "./service.ts";

/** Where a service listens. */
export interface ListenOptions {
  /** Default 127.0.0.1: this machine only. */
  readonly host?: string;
  /** Default 8080; 0 takes any that is free. */
  readonly port?: number;
  /** Milliseconds that a client has for sending a whole request, and within which it has to take more of its answer; default 60,000. */
  readonly requestTimeoutMs?: number;
}

/** A service that listens. */
export interface ListeningService {
  /** Its address, "http://127.0.0.1:8080/" say. */
  readonly url: string;
  /** Takes nothing new, finishes and answers what it took, and closes the port. */
  close(this: void): Promise<void>;
}

/** How often connections that have become idle are closed while the service comes to rest. */
const idleCheckMs = 50;

/**
 * Listens for a service's requests.
 * @throws ShowtellError `LISTEN` if the port is taken or not allowed.
 */
export async function listen(service: Service, options: ListenOptions = {}): Promise<ListeningService> {
  const { host = "127.0.0.1", port = 8080, requestTimeoutMs = 60_000 } = options;
  const server = createAdaptorServer({
    fetch: service.fetch,
    hostname: host,
    overrideGlobalObjects: false,
    serverOptions: {
      requestTimeout: requestTimeoutMs,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 5000,
    },
  }) as Server;
  server.on("request", (_request, response) => {
    // Where nothing waits to be taken, the client waits for the answer, and the deadline is what ends that.
    response.setTimeout(requestTimeoutMs, () => {
      if (response.writableLength > 0) response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new ShowtellError("LISTEN", `can't listen at ${host} port ${port}: ${messageOf(cause)}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
  const { address, family, port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${taken}/`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await service.drain();
      const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
      const rest = setTimeout(() => server.closeAllConnections(), requestTimeoutMs);
      await closed;
      clearInterval(idle);
      clearTimeout(rest);
    },
  };
}
