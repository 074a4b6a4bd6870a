// What a command says, and where: results on standard output; notes, errors and progress on standard error. Knows no command.
import { once } from "node:events";
import { SingleBar } from "cli-progress";
import { systemCodeOf, unwritable } from "../node/files.ts";
import type { PlainError, ShowtellError } from "../base/errors.ts";
import { duration, oneLine } from "./wording.ts";

/** A bar that is drawn while something lasts. */
export interface Progress {
  /** Things done so far; `note` stands at the end of the line, `secondsLeft` is shown instead of the bar's own estimate. */
  update(done: number, state?: ProgressState): void;
  /** Takes the bar away. */
  stop(): void;
}

/** What else a bar may show. */
export interface ProgressState {
  readonly note?: string;
  readonly secondsLeft?: number | undefined;
}

/** How a bar shows its numbers. */
export interface ProgressOptions {
  /** What is counted: "pictures", say; default: nothing. */
  readonly unit?: string;
  /** A number as it is shown; default: as it is. */
  readonly show?: (value: number) => string;
  /** How many were done before; default 0. */
  readonly from?: number;
}

/** The two streams that a command writes to. */
export interface Terminal {
  /** Lines of the result. Resolves once more may be written. */
  print(...lines: readonly string[]): Promise<void>;
  /** A line for people, left out when quiet. */
  note(line: string): void;
  /** What went wrong, in one line unless it is showtell's own fault. */
  error(error: PlainError): void;
  /** A bar with the time left, if standard error is a terminal, not told to be quiet, and there is more than one thing to do. */
  progress(task: string, total: number, options?: ProgressOptions): Progress;
  /** Leaves out notes and progress from now on. */
  beQuiet(): void;
}

const clearLine = "\r\u001B[2K";
const saveCursor = "\u001B7";

const barWidth = 24;

/** What a bar's numbers are; `eta` in seconds, or text where the library knows of none. */
interface BarState {
  readonly value: number;
  readonly total: number;
  readonly eta: number | string;
}

function barLine(task: string, bar: BarState, { note, secondsLeft }: ProgressState, options: ProgressOptions): string {
  const { unit, show = String } = options;
  const { value, total } = bar;
  const drawn = "█".repeat(Math.round(barWidth * Math.min(1, value / total))).padEnd(barWidth, "░");
  const count = `${show(value)} of ${show(total)}${unit === undefined ? "" : ` ${unit}`}`;
  const eta = secondsLeft ?? bar.eta;
  const left = typeof eta === "number" ? `, ${duration(eta)} left` : "";
  return `${task} ${drawn} ${count}${left}${note === undefined ? "" : `, ${note}`}`;
}

/**
 * The terminal of this process.
 * @param onClosed Called when no more results can be written: nobody reads them any more, as after `showtell caption photos | head`, or, with
 * the error, for another reason.
 */
export function openTerminal(onClosed: (failure?: ShowtellError) => void): Terminal {
  const { stdout, stderr } = process;
  let quiet = false;
  let closed = false;
  let bar: SingleBar | undefined;

  stdout.on("error", (error) => {
    closed = true;
    onClosed(systemCodeOf(error) === "EPIPE" ? undefined : unwritable("standard output", error));
  });
  stderr.on("error", () => undefined);

  /** Writes around the bar, which stands in the last line of the screen. */
  const write = (stream: NodeJS.WriteStream, line: string): boolean => {
    const hidden = bar !== undefined && stream.isTTY;
    if (hidden) stderr.write(clearLine);
    const more = stream.write(`${line}\n`);
    if (hidden) bar?.render();
    return more;
  };

  return {
    async print(...lines) {
      if (closed || lines.length === 0 || write(stdout, lines.join("\n"))) return;
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
    progress(task, total, options = {}) {
      if (quiet || !stderr.isTTY || total < 2) return { update: () => undefined, stop: () => undefined };
      const started = new SingleBar({
        stream: stderr,
        format: (_options, { eta, value }, state: ProgressState) =>
          barLine(task, { value, total, eta }, state, options),
        etaBuffer: 50,
        forceRedraw: true,
        clearOnComplete: true,
        // Wrapping stays on, for the lines between; on Ctrl-C the command itself takes the bar away.
        linewrap: true,
        gracefulExit: false,
      });
      started.start(total, options.from ?? 0, {});
      bar = started;
      return {
        update: (done, state = {}) => started.update(done, { note: undefined, secondsLeft: undefined, ...state }),
        stop() {
          // When it stops, the bar goes back to where the cursor was saved last: by itself, where it started, lines ago.
          stderr.write(saveCursor);
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
