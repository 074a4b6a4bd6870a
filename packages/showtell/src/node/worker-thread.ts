// Worker threads of Node.js, because the engine blocks the thread that it runs on. The conversation itself is thread/requests.ts.
import { Worker, parentPort } from "node:worker_threads";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { FromWorker, RequestHandler, WorkerThread } from "../thread/requests.ts";
import { answerRequests, openRequests } from "../thread/requests.ts";

/** Starts a thread on a module that calls {@link serveRequests}. */
export function startWorker<Request, Reply, Event = never>(module: URL): WorkerThread<Request, Reply, Event> {
  // Without the flags of this process: they may name loaders, or be for a script given on the command line (--input-type).
  const worker = new Worker(module, { execArgv: [] });
  const requests = openRequests<Request, Reply, Event>((message) => worker.postMessage(message));
  worker.on("message", (message: FromWorker) => requests.receive(message));
  worker.on("error", (cause) =>
    requests.end(new ShowtellError("INTERNAL", `a worker thread failed: ${messageOf(cause)}`, { cause })),
  );
  const exited = new Promise<void>((resolve) => {
    worker.on("exit", (status) => {
      requests.end(new ShowtellError("INTERNAL", `a worker thread ended by itself, with status ${status}`));
      resolve();
    });
  });
  return {
    request: (content, options) => requests.request(content, options),
    terminate() {
      // Not `worker.terminate()`: a thread that is torn down while the engine runs on it takes the process along.
      requests.close();
      return exited;
    },
  };
}

/** The working side: answers requests with a function. Requests may overlap; the handler orders what must not. */
export function serveRequests<Request, Reply, Event = never>(handle: RequestHandler<Request, Reply, Event>): void {
  const port = parentPort;
  if (port === null) throw new ShowtellError("INTERNAL", "this module only runs in a worker thread");
  const receive = answerRequests({ send: (message) => port.postMessage(message), exit: () => process.exit() }, handle);
  port.on("message", receive);
}
