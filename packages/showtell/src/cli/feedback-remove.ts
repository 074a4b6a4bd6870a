// `showtell feedback remove`: takes feedback back, and its picture with it.
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import { storeOption, withStore } from "./feedback-list.ts";
import { quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";

const notes = `
A picture goes with the last feedback that has it. Exports that were made before still have it.

Example:
  showtell feedback remove 3 8 --store feedback`;

/** Adds `remove` to the group `feedback`. */
export function addFeedbackRemove(group: Command, shell: Shell): void {
  group
    .command("remove")
    .summary("delete feedback and its pictures")
    .description("Delete feedback from a store, with its pictures.")
    .argument("<id...>", "its numbers in showtell feedback list")
    .addOption(storeOption())
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((ids: readonly string[], options: { readonly store: string }) => remove(ids, options.store, shell));
}

async function remove(ids: readonly string[], folder: string, { terminal }: Shell): Promise<void> {
  const wrong = ids.find((id) => !/^\d+$/.test(id));
  if (wrong !== undefined) throw new ShowtellError("ARGUMENT", `"${wrong}" is no number of showtell feedback list`);
  const { removeFeedback } = await import("../store/feedback.ts");
  await withStore(folder, (store) =>
    // All or none: a number that is not there undoes the others.
    store.transaction(() => {
      for (const id of ids) {
        if (!removeFeedback(store, Number(id)))
          throw new ShowtellError(
            "ARGUMENT",
            `the store in "${folder}" has no feedback ${id}: see showtell feedback list`,
          );
      }
    }),
  );
  await terminal.print(`removed: ${ids.join(", ")}`);
}
