// A line in the log and a count for each request: what was asked and how it ended, never what was in it.
import type { MiddlewareHandler } from "hono";
import { requestId } from "hono/request-id";
import { matchedRoutes } from "hono/route";
import type { ServiceMetrics } from "./metrics.ts";
import { operations, routeOf } from "./operations.ts";

/** Where a service's log lines go; a pino logger is one. */
export interface ServiceLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const operationIds: ReadonlyMap<string, string> = new Map(
  Object.entries(operations).map(([id, { path }]) => [routeOf(path), id]),
);

/** Counts and logs each request once its answer begins. */
export function recording(metrics: ServiceMetrics, log: ServiceLog | undefined): MiddlewareHandler {
  const identify = requestId();
  return async (context, next) => {
    const started = performance.now();
    await identify(context, next);
    const { method } = context.req;
    const ids = matchedRoutes(context).map(({ path }) => operationIds.get(path));
    // Names of files that clients try would be a label each.
    const operation = ids.find((id) => id !== undefined) ?? "page";
    const { status } = context.res;
    const ms = performance.now() - started;
    metrics.onRequest(operation, status, ms / 1000);
    const id: unknown = context.get("requestId");
    log?.info({ id, method, operation, status, ms: Math.round(ms) }, "request");
  };
}
