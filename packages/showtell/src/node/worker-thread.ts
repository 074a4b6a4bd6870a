// A worker thread with requests and replies, because the engine blocks the thread that it runs on. Knows nothing of captions.
import { Worker, parentPort } from "node:worker_threads";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { ErrorCode } from "../base/errors.ts";

/** An error that crosses a thread boundary. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** An error as plain data; what is no ShowtellError is an internal one. */
export function plainError(thrown: unknown): PlainError {
  if (thrown instanceof ShowtellError) return { code: thrown.code, message: thrown.message };
  return { code: "INTERNAL", message: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
}

type ToWorker =
  | { readonly kind: "request"; readonly id: number; readonly content: unknown }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "close" };
type FromWorker =
  | { readonly kind: "reply"; readonly id: number; readonly content: unknown }
  | { readonly kind: "event"; readonly id: number; readonly content: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly error: PlainError };

/** The part of an `AbortSignal` that requests listen to. */
export interface RequestOptions<Event> {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (event: Event) => void;
}

/** The calling side of a worker. */
export interface WorkerThread<Request, Reply, Event = never> {
  request(content: Request, options?: RequestOptions<Event>): Promise<Reply>;
  /** Cancels open requests and ends the thread once they have ended. */
  terminate(): Promise<void>;
}

interface Waiting {
  readonly resolve: (content: unknown) => void;
  readonly reject: (error: ShowtellError) => void;
  readonly onEvent: ((event: unknown) => void) | undefined;
}

/** Starts a thread on a module that calls {@link serveRequests}. */
export function startWorker<Request, Reply, Event = never>(module: URL): WorkerThread<Request, Reply, Event> {
  // Without the flags of this process: they may name loaders, or be for a script given on the command line (--input-type).
  const worker = new Worker(module, { execArgv: [] });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: ShowtellError | undefined;
  const end = (error: ShowtellError): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const post = (message: ToWorker): void => {
    try {
      worker.postMessage(message);
    } catch (cause) {
      throw new ShowtellError("ARGUMENT", `this can't be handed to a worker thread: ${messageOf(cause)}`, { cause });
    }
  };
  worker.on("message", (message: FromWorker) => {
    const request = waiting.get(message.id);
    if (message.kind === "event") {
      request?.onEvent?.(message.content);
      return;
    }
    waiting.delete(message.id);
    if (message.kind === "reply") request?.resolve(message.content);
    else request?.reject(new ShowtellError(message.error.code, message.error.message));
  });
  worker.on("error", (cause) =>
    end(new ShowtellError("INTERNAL", `a worker thread failed: ${messageOf(cause)}`, { cause })),
  );
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", (status) => {
      end(new ShowtellError("INTERNAL", `a worker thread ended by itself, with status ${status}`));
      resolve();
    });
  });
  return {
    async request(content, { signal, onEvent } = {}) {
      if (ended !== undefined) throw ended;
      const id = ++lastId;
      const cancel = (): void => post({ kind: "cancel", id });
      const reply = new Promise<Reply>((resolve, reject) => {
        post({ kind: "request", id, content });
        waiting.set(id, {
          resolve: resolve as (content: unknown) => void,
          reject,
          onEvent: onEvent as Waiting["onEvent"],
        });
      });
      signal?.addEventListener("abort", cancel, { once: true });
      if (signal?.aborted === true) cancel();
      return reply.finally(() => signal?.removeEventListener("abort", cancel));
    },
    terminate() {
      end(new ShowtellError("CANCELLED", "the worker thread was ended: what used it was disposed of"));
      // Not `worker.terminate()`: a thread that is torn down while the engine runs on it takes the process along.
      post({ kind: "close" });
      return exited;
    },
  };
}

/** What a request handler is given besides the request. */
export interface RequestContext<Event> {
  readonly signal: AbortSignal;
  readonly emit: (event: Event) => void;
}

/** The working side: answers requests with a function. Requests may overlap; the handler orders what must not. */
export function serveRequests<Request, Reply, Event = never>(
  handle: (request: Request, context: RequestContext<Event>) => Promise<Reply>,
): void {
  const port = parentPort;
  if (port === null) throw new ShowtellError("INTERNAL", "this module only runs in a worker thread");
  const post = (message: FromWorker): void => port.postMessage(message);
  const running = new Map<number, AbortController>();
  let closing = false;
  const endIfDone = (): void => {
    if (closing && running.size === 0) process.exit();
  };
  const answer = async (id: number, content: Request): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const context = {
        signal: controller.signal,
        emit: (event: Event) => post({ kind: "event", id, content: event }),
      };
      post({ kind: "reply", id, content: await handle(content, context) });
    } catch (error) {
      post({ kind: "failure", id, error: plainError(error) });
    } finally {
      running.delete(id);
      endIfDone();
    }
  };
  const close = (): void => {
    closing = true;
    for (const controller of running.values()) controller.abort();
    endIfDone();
  };
  port.on("message", (message: ToWorker) => {
    if (message.kind === "request") void answer(message.id, message.content as Request);
    else if (message.kind === "cancel") running.get(message.id)?.abort();
    else close();
  });
}
