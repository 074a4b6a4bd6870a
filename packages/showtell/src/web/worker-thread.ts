// Web Workers, because the engine blocks the thread that it runs on. The conversation itself is thread/requests.ts.
import { ShowtellError } from "../base/errors.ts";
import type { FromWorker, RequestHandler, ToWorker, WorkerThread } from "../thread/requests.ts";
import { answerRequests, openRequests } from "../thread/requests.ts";

/** The calling side of a worker whose module calls {@link serveRequests}. */
export function conversationWith<Request, Reply, Event = never>(worker: Worker): WorkerThread<Request, Reply, Event> {
  const requests = openRequests<Request, Reply, Event>((message) => worker.postMessage(message));
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => requests.receive(data));
  worker.addEventListener("error", ({ message }) =>
    requests.end(
      new ShowtellError("INTERNAL", `a worker thread failed: ${message || "its module could not be loaded"}`),
    ),
  );
  return {
    request: (content, options) => requests.request(content, options),
    async terminate() {
      // A browser ends a worker in the middle of a run without harm; `close` has failed what was open.
      requests.close();
      worker.terminate();
    },
  };
}

/** What a worker's global scope has of its own; the types of a page do not know it. */
interface WorkerScope {
  postMessage(message: unknown): void;
  close(): void;
  addEventListener(type: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
}

/** The working side: answers requests with a function. */
export function serveRequests<Request, Reply, Event = never>(handle: RequestHandler<Request, Reply, Event>): void {
  const scope = globalThis as unknown as WorkerScope;
  const receive = answerRequests({ send: (message) => scope.postMessage(message), exit: () => scope.close() }, handle);
  scope.addEventListener("message", ({ data }) => receive(data));
}
