// `showtell feedback export`: feedback as a data set on disk. What can be learned of it is decided in store/feedback-export.ts.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { isThere, unwritable, writeFileAtomically } from "../node/files.ts";
import type { FeedbackDataset, FeedbackRecord } from "../store/feedback-export.ts";
import type { FeedbackPicture } from "../store/feedback.ts";
import { storeOption, withStore } from "./feedback-list.ts";
import { number, quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { counted, fieldLines } from "./wording.ts";

interface ExportOptions {
  readonly store: string;
  readonly out: string;
  readonly devShare: number;
}

const notes = `
What is exported: pictures whose owners agreed, with the captions that people wrote or gave a thumb up. Each picture belongs to the split
train or dev by its hash, so that it stays there when more feedback comes. The folder is what --data takes.

Examples:
  showtell feedback export --store feedback --out mine
  showtell train --data mine --out runs/mine --init runs/first/best.safetensors --old-data flickr8k --learning-rate 3e-4
  showtell evaluate --data mine --split dev --model runs/mine/best.safetensors`;

/** Adds `export` to the group `feedback`. */
export function addFeedbackExport(group: Command, shell: Shell): void {
  group
    .command("export")
    .summary("feedback as a data set to train on")
    .description("Write a data set of the pictures and good captions in a store.")
    .addOption(storeOption())
    .requiredOption("-o, --out <folder>", "a new folder for the data set")
    .option(
      "--dev-share <share>",
      "share of the pictures that are held out to score models on",
      number("from 0 to below 1", (value) => value >= 0 && value < 1),
      0.2,
    )
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: ExportOptions) => exportAll(options, shell));
}

const endings: Readonly<Record<string, string>> = {
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
  "image/gif": "gif",
  "image/tiff": "tiff",
  "image/avif": "avif",
};

/** Names in the folder. */
const files = { captions: "captions.jsonl", images: "images" } as const;

async function exportAll({ store: folder, out, devShare }: ExportOptions, { terminal }: Shell): Promise<void> {
  const { feedbackDataset } = await import("../store/feedback-export.ts");
  const { feedbackPicture } = await import("../store/feedback.ts");
  const { records, withoutPicture, withoutCaption } = await withStore(folder, async (store) => {
    const dataset = feedbackDataset(store, devShare);
    await writeDataset(out, dataset, ({ hash }) => feedbackPicture(store, hash)!);
    return dataset;
  });
  const captions = records.reduce((sum, record) => sum + record.captions.length, 0);
  const dev = records.filter(({ split }) => split === "dev").length;
  await terminal.print(
    ...fieldLines([
      ["data", out],
      ["pictures", `${records.length} (${records.length - dev} train, ${dev} dev)`],
      ["captions", String(captions)],
      [
        "left out",
        `${counted(withoutPicture, "caption")} without a picture, ${withoutCaption} with a thumb down alone`,
      ],
    ]),
  );
}

/** @throws ShowtellError `ARGUMENT` if there is a data set already, `FILE_WRITE`. */
async function writeDataset(
  out: string,
  { records }: FeedbackDataset,
  pictureOf: (record: FeedbackRecord) => FeedbackPicture,
): Promise<void> {
  const list = join(out, files.captions);
  if (await isThere(list))
    throw new ShowtellError("ARGUMENT", `"${out}" holds a data set already: name a new folder with --out`);
  const images = join(out, files.images);
  await mkdir(images, { recursive: true }).catch((cause: unknown) => {
    throw unwritable(images, cause);
  });
  const lines: string[] = [];
  for (const record of records) {
    const { mediaType, bytes } = pictureOf(record);
    const image = `${record.hash.slice(0, 32)}.${endings[mediaType]!}`;
    await writeFileAtomically(join(images, image), bytes);
    lines.push(`${JSON.stringify({ image, captions: record.captions, split: record.split })}\n`);
  }
  // Last, so that an export that was broken off is none.
  await writeFileAtomically(list, lines.join(""));
}
