// The thread that worker-thread.test.ts asks: it runs the built files, as all threads do.
import { ShowtellError } from "showtell";
import { serveRequests } from "../../dist/node/worker-thread.js";

const answers = {
  repeat: ({ value }) => value,
  count({ to }, { emit }) {
    for (let i = 1; i <= to; i++) emit(i);
    return to;
  },
  wait: (_, { signal }) =>
    new Promise((_resolve, reject) => {
      const cancel = () => reject(new ShowtellError("CANCELLED", "told to stop"));
      if (signal.aborted) cancel();
      signal.addEventListener("abort", cancel);
    }),
  refuse() {
    throw new ShowtellError("IMAGE_EMPTY", "refused by the handler");
  },
  fail() {
    throw new TypeError("failed in the handler");
  },
  crash() {
    setImmediate(() => {
      throw new Error("thrown where nobody catches");
    });
    return new Promise(() => undefined);
  },
  exit: () => process.exit(3),
};

serveRequests(async (request, context) => answers[request.kind](request, context));
