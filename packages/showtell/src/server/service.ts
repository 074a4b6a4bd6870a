// The service as a function from requests to answers; no port, no process. What each operation does is elsewhere.
import { Hono } from "hono";
import type { Context, Handler } from "hono";
import { ShowtellError, plainError } from "../base/errors.ts";
import type { Captioner } from "../node/captioner.ts";
import type { PageFiles } from "../node/page-files.ts";
import { listRuns, readRun } from "../node/run-reading.ts";
import type { Store } from "../store/store.ts";
import type { RunRecord } from "../train/run-summary.ts";
import type { AccessRules } from "./access.ts";
import { crossOrigin, knownOrigin, requireToken } from "./access.ts";
import { Admission } from "./admission.ts";
import { browserRules } from "./browser-rules.ts";
import { createCaptions } from "./caption-operation.ts";
import type { Captioning } from "./caption-operation.ts";
import { CaptionQueue } from "./caption-queue.ts";
import { documentationPage } from "./docs-page.ts";
import { decodingTurns, saveFeedbackOf } from "./feedback-operation.ts";
import type { ServiceLimits } from "./limits.ts";
import { limitsWith } from "./limits.ts";
import { createMetrics } from "./metrics.ts";
import { openApiDocument } from "./openapi.ts";
import { operations, routeOf } from "./operations.ts";
import type { OperationId } from "./operations.ts";
import { pages } from "./pages.ts";
import { recording } from "./recording.ts";
import type { ServiceLog } from "./recording.ts";
import { publicError, refusalHeaders, statusOf } from "./refusal.ts";
import type { ModelDescription } from "./schemas.ts";
import { getStudyPicture, getStudySession, saveStudyAnswer } from "./study-operations.ts";

/** What a service is made of. */
export interface ServiceOptions extends AccessRules {
  /** Captions; the caller disposes of it, after the service has been drained. */
  readonly captioner: Captioner;
  /** What `GET /v1/models` says of it; see `describeModel`. */
  readonly model: ModelDescription;
  /** Limits other than the default ones. `maxPixels` is the captioner's to hold. */
  readonly limits?: Partial<ServiceLimits>;
  /** Whether pictures may be named by URLs, to be fetched from public addresses; default false. */
  readonly allowUrls?: boolean;
  /** The web page's files by their addresses, "index.html" say; default: none, and "/" says so. */
  readonly pages?: PageFiles;
  /** Folder of training runs that are shown; nothing outside it is read. Default: none are. */
  readonly runs?: string;
  /** Where feedback and studies are kept; default: nowhere. The caller closes it, after the service has been drained. */
  readonly store?: Store;
  /** Told of each request; never of a picture or a caption. Default: nobody. */
  readonly log?: ServiceLog;
}

/** A service. */
export interface Service {
  /** Answers a request. It never rejects: what is refused or fails is an answer, too. */
  fetch(this: void, request: Request): Promise<Response>;
  /** Takes nothing new from now on, and resolves once what was taken has its answer, and nothing is captioned for those who left. */
  drain(): Promise<void>;
}

/**
 * Makes the HTTP service of a captioner.
 * @example
 * const captioner = await loadCaptioner();
 * const service = createService({ captioner, model: await describeModel() });
 * const response = await service.fetch(new Request("http://localhost/v1/models"));
 */
export function createService(options: ServiceOptions): Service {
  const { captioner, log } = options;
  const limits = limitsWith(options.limits);
  const admission = new Admission(limits);
  const metrics = createMetrics(() => ({ open: admission.open, waiting: queue.waiting }));
  const queue: CaptionQueue = new CaptionQueue(captioner, { maxWaiting: limits.maxWaiting, onBatch: metrics.onBatch });
  const captioning: Captioning = {
    queue,
    admission,
    limits,
    metrics,
    model: captioner.model,
    allowUrls: options.allowUrls ?? false,
    onFailure: (error) => log?.error({ code: error.code, err: error.message }, "captioning failed"),
  };

  const app = new Hono();
  app.use(recording(metrics, log));
  app.use(browserRules());
  if (options.origins !== undefined && options.origins.length > 0) app.use(crossOrigin(options));
  app.use(knownOrigin(options));
  addOperations(app, handlersOf(options, captioning), options.token);
  app.use(pages(options.pages ?? new Map()));
  app.notFound((context) =>
    refused(context, new ShowtellError("NOT_FOUND", `there is nothing at ${context.req.path}`)),
  );
  app.onError((thrown, context) => {
    const error = plainError(thrown);
    if (statusOf(error.code) === 500) log?.error({ code: error.code, err: error.message }, "request failed");
    return refused(context, thrown);
  });
  return {
    fetch: async (request) => {
      const response = await app.fetch(request);
      // Connections that are kept would keep the process.
      if (admission.closed) response.headers.set("Connection", "close");
      return response;
    },
    drain: async () => {
      admission.close();
      await admission.emptied();
      await queue.drained();
    },
  };
}

function handlersOf(
  { model, runs, store }: Pick<ServiceOptions, "model" | "runs" | "store">,
  captioning: Captioning,
): Readonly<Record<OperationId, Handler>> {
  const { admission, limits, metrics, queue } = captioning;
  const document = openApiDocument();
  const decoding = decodingTurns();
  return {
    createCaptions: (context) => createCaptions(context, captioning),
    listModels: (context) => context.json({ models: [model] }),
    listRuns: async (context) => context.json({ runs: await listRuns(runsFolder(runs)) }),
    getRun: async (context) => context.json(await runOf(runsFolder(runs), context.req.param("run")!)),
    saveFeedback: (context) => saveFeedbackOf(context, { store, model: model.id, admission, limits, decoding }),
    getStudySession: (context) => getStudySession(context, store),
    getStudyPicture: (context) => getStudyPicture(context, store),
    saveStudyAnswer: (context) => saveStudyAnswer(context, store, admission),
    getHealth: (context) => context.json({ status: "ok" }),
    getReadiness(context) {
      if (admission.closed) return context.json({ status: "shutting down" }, 503);
      return queue.failing ? context.json({ status: "failing" }, 503) : context.json({ status: "ok" });
    },
    getMetrics: async (context) => context.text(await metrics.text(), 200, { "Content-Type": metrics.contentType }),
    getSpecification: (context) => context.json(document),
    getDocumentation: (context) => context.html(documentationPage(document, context.get("secureHeadersNonce") ?? "")),
  };
}

function addOperations(app: Hono, handlers: Readonly<Record<OperationId, Handler>>, token: string | undefined): void {
  for (const [id, { method, path, guarded }] of Object.entries(operations)) {
    const guards = guarded && token !== undefined ? [requireToken(token)] : [];
    const route = routeOf(path);
    app.on(method.toUpperCase(), [route], ...guards, handlers[id as OperationId]);
    app.all(route, (context) => {
      context.header("Allow", method === "get" ? "GET, HEAD" : "POST");
      return refused(
        context,
        new ShowtellError("METHOD", `${path} takes ${method.toUpperCase()}, not ${context.req.method}`),
      );
    });
  }
}

/** @throws ShowtellError `NOT_FOUND` if there is none. */
function runsFolder(runs: string | undefined): string {
  if (runs !== undefined) return runs;
  throw new ShowtellError("NOT_FOUND", "this service shows no training runs: start it with --runs FOLDER");
}

/** @throws ShowtellError `NOT_FOUND` if there is no such run. */
async function runOf(folder: string, name: string): Promise<RunRecord> {
  try {
    return await readRun(folder, name);
  } catch (cause) {
    if (cause instanceof ShowtellError && cause.code === "FILE_NOT_FOUND") {
      throw new ShowtellError("NOT_FOUND", cause.message, { cause });
    }
    throw cause;
  }
}

function refused(context: Context, thrown: unknown): Response {
  const error = publicError(plainError(thrown));
  for (const [name, value] of Object.entries(refusalHeaders(thrown))) context.header(name, value);
  return context.json({ error }, statusOf(error.code));
}
