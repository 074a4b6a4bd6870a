// `showtell feedback list`: what people thought of captions, a line each. What is kept is store/feedback.ts.
import type { Command } from "commander";
import { Option } from "commander";
import type { KeptFeedback } from "../store/feedback.ts";
import type { Store } from "../store/store.ts";
import { quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { oneLine } from "./wording.ts";

const notes = `
Feedback is given on the page of showtell serve --store FOLDER, or sent to its API. With --json there is a line of JSON for each.

Examples:
  showtell feedback list --store feedback
  showtell feedback list --store feedback --json`;

/** `--store`, of the feedback commands. */
export function storeOption(): Option {
  return new Option("--store <folder>", "folder where feedback is kept").default("showtell-store");
}

/**
 * Uses the store in a folder; none is made where there is none.
 * @throws ShowtellError `FILE_NOT_FOUND`, `STORE`, `STORE_FORMAT`, and what the action throws.
 */
export async function withStore<T>(folder: string, action: (store: Store) => T | Promise<T>): Promise<T> {
  const { openExistingStore } = await import("../store/store.ts");
  const store = await openExistingStore(folder);
  try {
    return await action(store);
  } finally {
    store.close();
  }
}

/** Adds `list` to the group `feedback`. */
export function addFeedbackList(group: Command, shell: Shell): void {
  group
    .command("list")
    .summary("what people thought of captions")
    .description("List the feedback in a store.")
    .addOption(storeOption())
    .option("--json", "a line of JSON for each")
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: { readonly store: string; readonly json?: true }) => list(options, shell));
}

async function list(
  { store: folder, json }: { readonly store: string; readonly json?: true },
  { terminal }: Shell,
): Promise<void> {
  const { listFeedback } = await import("../store/feedback.ts");
  const all = await withStore(folder, listFeedback);
  if (all.length === 0) terminal.note(`the store in "${folder}" has no feedback`);
  for (const one of all) await terminal.print(json ? JSON.stringify(one) : lineOf(one));
}

function lineOf({ id, changedAt, thumb, caption, edited, picture }: KeptFeedback): string {
  const said = edited === undefined ? caption : `${caption} → ${edited}`;
  const photo = picture === undefined ? "no photo" : `photo ${picture.slice(0, 8)}`;
  return oneLine(
    `${id}  ${changedAt.slice(0, 16).replace("T", " ")}  ${(thumb ?? "edited").padEnd(6)}  ${photo.padEnd(14)}  ${said}`,
  );
}
