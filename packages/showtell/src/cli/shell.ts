// What every command is given besides its arguments. Knows no command.
import type { Terminal } from "./terminal.ts";

/** The process as a command sees it. */
export interface Shell {
  readonly terminal: Terminal;
  /** Aborted by the first Ctrl-C; the second ends the process at once. */
  readonly signal: AbortSignal;
  /** Makes the exit status 1 although the command goes on to its end. */
  fail(): void;
}
