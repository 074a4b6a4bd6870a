// What requests leave behind is let go soon, not only when megabytes of it have gathered: docs/decisions/serve-memory.md.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Service } from "./service.ts";

/**
 * The service, in a process of its own, whose garbage is collected some time after a request has come in; nothing is while none comes. For
 * a whole process only: it sets a flag of V8.
 * @param afterMs Milliseconds from a request until the garbage of all so far is collected; default 2,000.
 */
export function collectingGarbage(service: Service, afterMs = 2000): Service {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let timer: NodeJS.Timeout | undefined;
  return {
    ...service,
    fetch(request) {
      timer ??= setTimeout(() => {
        timer = undefined;
        collect();
      }, afterMs).unref();
      return service.fetch(request);
    },
  };
}
