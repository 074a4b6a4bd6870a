// What a command says, and where: results on standard output; notes, errors and progress on standard error. Knows no command.
import { once } from "node:events";
import { SingleBar } from "cli-progress";
import { systemCodeOf } from "../node/files.ts";
import type { PlainError } from "../node/worker-thread.ts";

/** A bar that is drawn while something lasts. */
export interface Progress {
  /** Things done so far; `note` stands at the end of the line. */
  update(done: number, note?: string): void;
  /** Takes the bar away. */
  stop(): void;
}

/** How a bar shows its numbers. */
export interface ProgressOptions {
  /** What is counted: "pictures", say. */
  readonly unit: string;
  /** A number as it is shown; default: as it is. */
  readonly show?: (value: number) => string;
}

/** The two streams that a command writes to. */
export interface Terminal {
  /** A line of the result. Resolves once more may be written. */
  print(line: string): Promise<void>;
  /** A line for people, left out when quiet. */
  note(line: string): void;
  /** What went wrong, in one line unless it is showtell's own fault. */
  error(error: PlainError): void;
  /** A bar with the time left, if standard error is a terminal and not told to be quiet. */
  progress(task: string, total: number, options: ProgressOptions): Progress;
  /** Leaves out notes and progress from now on. */
  beQuiet(): void;
}

/**
 * Text on one line: control characters as `\t`, `\n`, `\r` or `\u001b`. Nothing else is changed, a backslash neither: the lines are
 * for reading and for `cut`; who needs exact names takes JSON.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    return escaped === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}` : escaped;
  });
}

/**
 * The terminal of this process.
 * @param onClosed Called when nobody reads the results any more, as after `showtell caption photos | head`.
 */
export function openTerminal(onClosed: () => void): Terminal {
  const { stdout, stderr } = process;
  let quiet = false;
  let closed = false;
  let bar: SingleBar | undefined;

  stdout.on("error", (error) => {
    if (systemCodeOf(error) !== "EPIPE") throw error;
    closed = true;
    onClosed();
  });
  stderr.on("error", () => undefined);

  /** Writes around the bar, which stands in the last line of the screen. */
  const write = (stream: NodeJS.WriteStream, line: string): boolean => {
    const hidden = bar !== undefined && stream.isTTY;
    if (hidden) stderr.write("\r\u001B[2K");
    const more = stream.write(`${line}\n`);
    if (hidden) bar?.render();
    return more;
  };

  return {
    async print(line) {
      if (closed || write(stdout, line)) return;
      await once(stdout, "drain").catch((error: unknown) => {
        if (!closed) throw error;
      });
    },
    note(line) {
      if (!quiet) write(stderr, line);
    },
    error({ code, message }) {
      write(stderr, `error ${code}: ${code === "INTERNAL" ? message : oneLine(message)}`);
    },
    progress(task, total, { unit, show = String }) {
      if (quiet || !stderr.isTTY) return { update: () => undefined, stop: () => undefined };
      const started = new SingleBar({
        stream: stderr,
        format: `${task} {bar} {value}/{total} ${unit}, {eta_formatted} left{note}`,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        barsize: 24,
        etaBuffer: 50,
        formatValue: (value, _options, kind) => (kind === "value" || kind === "total" ? show(value) : String(value)),
        clearOnComplete: true,
        forceRedraw: true,
        // The command itself ends cleanly on Ctrl-C.
        gracefulExit: false,
      });
      started.start(total, 0, { note: "" });
      bar = started;
      return {
        update: (done, note = "") => started.update(done, { note: note === "" ? "" : `, ${note}` }),
        stop() {
          started.stop();
          bar = undefined;
        },
      };
    },
    beQuiet() {
      quiet = true;
    },
  };
}
