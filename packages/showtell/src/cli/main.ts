#!/usr/bin/env node
// The showtell command: runs the subcommand that is asked for, and turns how it ends into an exit status. Does no work itself.
import { Command, CommanderError } from "commander";
import { throwIfCancelled } from "../base/cancel.ts";
import type { ShowtellError } from "../base/errors.ts";
import { plainError } from "../base/errors.ts";
import { version } from "../node/version.ts";
import { addCommands } from "./commands.ts";
import type { Shell } from "./shell.ts";
import { openTerminal } from "./terminal.ts";

/** Exit statuses other than 0; any error but these is 1. */
const exitStatuses: { readonly ARGUMENT: number; readonly CANCELLED: number; readonly [code: string]: number } = {
  ARGUMENT: 2,
  CANCELLED: 130,
};

const interruption = new AbortController();
let unread = false;
/** Why results can't be written, where somebody would read them. */
let unwritten: ShowtellError | undefined;
let isOver = false;
const terminal = openTerminal((failure) => {
  unread = failure === undefined;
  unwritten = failure;
  interruption.abort();
  if (isOver && failure !== undefined) process.exitCode = report(failure);
});
const shell: Shell = {
  terminal,
  signal: interruption.signal,
  fail() {
    process.exitCode = 1;
  },
};

process.on("SIGINT", () => {
  if (interruption.signal.aborted) {
    // As if there were no handler. `process.exit` would tear threads down that the engine is running on.
    process.removeAllListeners("SIGINT");
    process.kill(process.pid, "SIGINT");
  }
  interruption.abort();
  terminal.note("stopping (Ctrl-C again stops at once)");
});

const notes = `
Examples:
  showtell caption photo.jpg
  showtell train --data flickr8k --out runs/first
  showtell caption --model runs/first/best.safetensors photos/
  showtell score --hypotheses captions.json --references references.json
  showtell bundle pack runs/first/best.safetensors --out mine.safetensors
  showtell serve

Results go to standard output, everything else to standard error. --help after a command has its options and more examples.`;

async function programOf(): Promise<Command> {
  const program = new Command("showtell")
    .description("Caption pictures, and train, inspect and pack the models that do it.")
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", notes)
    .exitOverride()
    // What is wrong with the arguments is reported like any other error, below.
    .configureOutput({ outputError: () => undefined })
    .hook("preAction", (_program, command) => {
      if (command.opts()["quiet"] === true) terminal.beQuiet();
    });
  await addCommands(program, shell, process.argv[2]);
  return program;
}

/** Says what was thrown, and gives the exit status for it. */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return 0;
    const wrongUsage = exitStatuses.ARGUMENT;
    // The help was printed because no command was named.
    if (thrown.code === "commander.help") return wrongUsage;
    const what = thrown.message.replace(/^error: /, "").replace("\n", " ");
    terminal.error({ code: "ARGUMENT", message: `${what} (--help after the command lists what it takes)` });
    return wrongUsage;
  }
  const error = plainError(unwritten ?? thrown);
  if (error.code === "CANCELLED" && unread) return 0;
  if (error.code === "CANCELLED") terminal.note("stopped");
  else terminal.error(error);
  return exitStatuses[error.code] ?? 1;
}

try {
  await (await programOf()).parseAsync();
  throwIfCancelled(shell.signal);
} catch (thrown) {
  process.exitCode = report(thrown);
}
isOver = true;
