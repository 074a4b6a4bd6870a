// `showtell serve`: the HTTP service from start to rest. What it serves is server/service.ts.
import { lookup } from "node:dns/promises";
import { type Command, Option } from "commander";
import { ShowtellError, messageOf } from "../base/errors.ts";
import type { Captioner } from "../node/captioner.ts";
import type { DeviceFilesOptions, PageFiles } from "../node/page-files.ts";
import type { ServiceLog } from "../server/index.ts";
import { defaultModel } from "../node/shipped-models.ts";
import { quietOption, threadsOption, wholeNumber } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { Terminal } from "./terminal.ts";

interface ServeOptions {
  readonly model?: string;
  readonly port: number;
  readonly host: string;
  readonly cors?: readonly string[];
  readonly token?: string;
  readonly allowUrls?: true;
  readonly maxWaiting: number;
  readonly deadline: number;
  readonly neighbours?: string;
  readonly runs?: string;
  readonly store?: string;
  readonly threads?: number;
  readonly quiet?: true;
}

const notes = `
Serves a page at /, the API at /v1 (described at /docs and /openapi.json), /healthz, /readyz and /metrics. Nothing that is sent to
it is kept or sent on, but for feedback and the answers of raters where there is a --store (see showtell feedback, showtell study). By default only this machine can reach it, and web pages of other origins can't use it.

Standard output has the address, in one line, once requests are taken. Standard error has a line of JSON for each request, without
picture or caption; --quiet leaves these out.

The first Ctrl-C (or SIGTERM) ends it in an orderly way: nothing new is taken, what was taken is finished and answered.

Exit status: 0 after SIGTERM, 130 after Ctrl-C, 1 if it could not start, 2 for wrong usage.

Examples:
  showtell serve
  showtell serve --model runs/first/best.safetensors --port 9000
  showtell serve --neighbours neighbours.safetensors
  showtell serve --runs runs
  showtell serve --store showtell-store
  SHOWTELL_TOKEN=secret showtell serve --host 0.0.0.0 --cors https://example.org
  curl -s --data-binary @photo.jpg -H "Content-Type: image/jpeg" http://127.0.0.1:8080/v1/captions`;

/** Adds `serve` to the program. */
export function addServe(program: Command, shell: Shell): void {
  program
    .command("serve")
    .summary("caption over HTTP, with a page")
    .description("Start a service that captions pictures: a page for people, an API for programs.")
    .option(
      "-m, --model <files>",
      "bundle to caption with; several, with commas between, caption together (default: the one that ships)",
    )
    .option(
      "--neighbours <file>",
      "also tell which training pictures a photo looks like, and let them vote on captions; a table of showtell neighbours build",
    )
    .option("--runs <folder>", "also show the training runs in a folder, while they go on; nothing outside it is read")
    .option(
      "--store <folder>",
      "keep feedback here (thumbs, edited captions, photos whose owners agree), and raters' answers to its studies; made if it is not there",
    )
    .option("--port <n>", "port to listen at; 0 takes a free one", wholeNumber(0, 65_535), 8080)
    .option("--host <address>", "address to listen at; 0.0.0.0 is every network", "127.0.0.1")
    .option("--cors <origin...>", "web pages that may use the service, such as https://example.org")
    .addOption(
      new Option("--token <text>", "ask for this bearer token; the page hands out no model then").env("SHOWTELL_TOKEN"),
    )
    .option("--allow-urls", "fetch pictures that requests name by URL, from public addresses only")
    .option("--max-waiting <n>", "most pictures that wait; more are refused with 429", wholeNumber(1, 10_000), 32)
    .option("--deadline <seconds>", "most time for a request", wholeNumber(1, 3600), 30)
    .addOption(threadsOption())
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: ServeOptions) => serve(options, shell));
}

/** Addresses that only this machine reaches. */
const loopback = /^(?:127\.|::1$|::ffff:127\.)/;

/** The address that a host stands for, however it is written. @throws ShowtellError `LISTEN` if there is none. */
async function addressOf(host: string): Promise<string> {
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new ShowtellError("LISTEN", `can't listen at ${host}: ${messageOf(cause)}`, { cause });
  }
}

async function serve(options: ServeOptions, { terminal, signal }: Shell): Promise<void> {
  const { model = defaultModel, port, host, threads, cors, token, neighbours, runs } = options;
  const { createService, defaultLimits, describeModel, listen, openStore, requireOrigins, requireSendable } =
    await import("../server/index.ts");
  const { collectingGarbage } = await import("../server/garbage.ts");
  const { loadCaptioner } = await import("../node/captioner.ts");
  const { requireRunsFolder } = await import("../node/run-reading.ts");
  requireOrigins(cors ?? []);
  if (token !== undefined) requireSendable(token);
  if (runs !== undefined) await requireRunsFolder(runs);
  const address = await addressOf(host);
  const stopped = stopSignal(signal);
  const { maxPixels } = defaultLimits;
  const store = options.store === undefined ? undefined : await openStore(options.store);
  let captioner: Captioner | undefined;
  try {
    captioner = await loadCaptioner({
      model,
      maxPixels,
      ...(threads !== undefined && { threads }),
      ...(neighbours !== undefined && { neighbours }),
    });
    const service = createService({
      captioner,
      model: await describeModel(model),
      limits: { maxWaiting: options.maxWaiting, deadlineMs: options.deadline * 1000 },
      allowUrls: options.allowUrls ?? false,
      localOnly: loopback.test(address),
      ...(cors && { origins: cors }),
      ...(token !== undefined && { token }),
      ...(store && { store }),
      ...(runs !== undefined && { runs }),
      pages: await pageOf(
        {
          model,
          service: true,
          // The page's files are for everybody: what is told for a token only is not among them.
          onDevice: token === undefined,
          ...(neighbours !== undefined && token === undefined && { neighbours }),
          runs: runs !== undefined,
          feedback: store !== undefined,
        },
        terminal,
      ),
      log: await openLog(options.quiet === true ? "error" : "info"),
    });
    const listening = await listen(collectingGarbage(service), {
      host: address,
      port,
      requestTimeoutMs: 2000 * options.deadline,
    });
    await terminal.print(`showtell listens at ${listening.url}`);
    await stopped;
    await listening.close();
  } finally {
    store?.close();
    await captioner?.dispose();
  }
}

/** The files of the page, if it is built: the API works without. */
async function pageOf(place: DeviceFilesOptions, terminal: Terminal): Promise<PageFiles> {
  const { builtPageFiles, deviceFiles } = await import("../node/page-files.ts");
  let page: PageFiles;
  try {
    page = await builtPageFiles();
  } catch (error) {
    if (!(error instanceof ShowtellError)) throw error;
    terminal.note(error.message);
    return new Map();
  }
  return new Map([...page, ...(await deviceFiles(place))]);
}

/** Resolves at the first Ctrl-C or SIGTERM. */
function stopSignal(interruption: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => resolve();
    process.once("SIGTERM", stop);
    interruption.addEventListener("abort", stop, { once: true });
    if (interruption.aborted) stop();
  });
}

/** Lines of JSON on standard error, from a level on. */
async function openLog(level: "info" | "error"): Promise<ServiceLog> {
  const { pino } = await import("pino");
  const logger = pino({ base: null, level }, pino.destination({ dest: process.stderr.fd, sync: true }));
  return {
    info: (fields, message) => logger.info(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}
