// Requests to another thread and its replies, over whatever carries messages. Knows neither what a platform calls a thread nor what is asked.
import { ShowtellError, messageOf, plainError } from "../base/errors.ts";
import type { PlainError } from "../base/errors.ts";

/** The part of an `AbortSignal` that requests listen to. */
export interface ListenedSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

// The language's own library does not have it; every platform does.
declare const AbortController: new () => { readonly signal: ListenedSignal; abort(): void };

/** What goes to the thread that works. */
export type ToWorker =
  | { readonly kind: "request"; readonly id: number; readonly content: unknown }
  | { readonly kind: "cancel"; readonly id: number }
  | { readonly kind: "close" };

/** What comes back from it. */
export type FromWorker =
  | { readonly kind: "reply"; readonly id: number; readonly content: unknown }
  | { readonly kind: "event"; readonly id: number; readonly content: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly error: PlainError };

/** What a request may come with. */
export interface RequestOptions<Event> {
  readonly signal?: ListenedSignal | undefined;
  readonly onEvent?: (event: Event) => void;
}

/** The calling side of a worker. */
export interface WorkerThread<Request, Reply, Event = never> {
  request(content: Request, options?: RequestOptions<Event>): Promise<Reply>;
  /** Cancels open requests and ends the thread once they have ended. */
  terminate(): Promise<void>;
}

/** The calling side of a conversation, still without its thread. */
export interface Requests<Request, Reply, Event> {
  request(content: Request, options?: RequestOptions<Event>): Promise<Reply>;
  /** Takes a message that came from the thread. */
  receive(message: FromWorker): void;
  /** Fails what is open and whatever is asked later; the first error counts. */
  end(error: ShowtellError): void;
  /** {@link end}s, and tells the thread to end once it is done. */
  close(): void;
}

interface Waiting {
  readonly resolve: (content: unknown) => void;
  readonly reject: (error: ShowtellError) => void;
  readonly onEvent: ((event: unknown) => void) | undefined;
}

/** Opens the calling side over a function that sends a message to the thread. */
export function openRequests<Request, Reply, Event>(
  send: (message: ToWorker) => void,
): Requests<Request, Reply, Event> {
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
      send(message);
    } catch (cause) {
      throw new ShowtellError("ARGUMENT", `this can't be handed to a worker thread: ${messageOf(cause)}`, { cause });
    }
  };
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
    receive(message) {
      const request = waiting.get(message.id);
      if (message.kind === "event") {
        request?.onEvent?.(message.content);
        return;
      }
      waiting.delete(message.id);
      if (message.kind === "reply") request?.resolve(message.content);
      else request?.reject(new ShowtellError(message.error.code, message.error.message));
    },
    end,
    close() {
      end(new ShowtellError("CANCELLED", "the worker thread was ended: what used it was disposed of"));
      post({ kind: "close" });
    },
  };
}

/** What a request handler is given besides the request. */
export interface RequestContext<Event> {
  readonly signal: ListenedSignal;
  readonly emit: (event: Event) => void;
}

/** Answers a request. Requests may overlap; the handler orders what must not. */
export type RequestHandler<Request, Reply, Event = never> = (
  request: Request,
  context: RequestContext<Event>,
) => Promise<Reply>;

/** How the working side reaches its thread. */
export interface WorkerPort {
  send(message: FromWorker): void;
  /** Ends the thread; called when it was told to close and nothing is under way. */
  exit(): void;
}

/** The working side: gives the function that takes each message that comes in. */
export function answerRequests<Request, Reply, Event = never>(
  port: WorkerPort,
  handle: RequestHandler<Request, Reply, Event>,
): (message: ToWorker) => void {
  const running = new Map<number, { abort(): void }>();
  let closing = false;
  const endIfDone = (): void => {
    if (closing && running.size === 0) port.exit();
  };
  const answer = async (id: number, content: Request): Promise<void> => {
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const emit = (event: Event): void => port.send({ kind: "event", id, content: event });
      port.send({ kind: "reply", id, content: await handle(content, { signal: controller.signal, emit }) });
    } catch (error) {
      port.send({ kind: "failure", id, error: plainError(error) });
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
  return (message) => {
    if (message.kind === "request") void answer(message.id, message.content as Request);
    else if (message.kind === "cancel") running.get(message.id)?.abort();
    else close();
  };
}
