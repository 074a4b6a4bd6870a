// Options that commands share, and how their values are read. A value that is not allowed is wrong usage, said before any work.
import { InvalidArgumentError, Option } from "commander";

/** Reads a whole number from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** Reads a number that a condition allows; `rule` is the condition in words, after "It must be a number". */
export function number(rule: string, isAllowed: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isFinite(value) && isAllowed(value)) return value;
    throw new InvalidArgumentError(`It must be a number ${rule}.`);
  };
}

/** `--quiet`: main.ts sees to what it means. */
export function quietOption(): Option {
  return new Option("-q, --quiet", "no progress and no notes; errors are still reported");
}

/** `--threads`. */
export function threadsOption(): Option {
  return new Option(
    "--threads <n>",
    "threads of the inference engine (default: what this machine or container has)",
  ).argParser(wholeNumber(1, 1024));
}

/** `--json`. */
export function jsonOption(description: string): Option {
  return new Option("--json", description);
}
