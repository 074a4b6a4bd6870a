// What a bench measures and how it is called, as the comment at its head says: printed for --help, and where an argument is missing.
import { readFileSync } from "node:fs";

/**
 * Prints the comment at the head of a bench and ends, for --help or where the bench can't run as it was called.
 * @param url The bench's `import.meta.url`.
 */
export function usage(url, isWrong = false) {
  if (!isWrong && !process.argv.includes("--help")) return;
  const lines = readFileSync(new URL(url), "utf8").split("\n");
  const comment = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith("//")),
  );
  const text = comment.map((line) => line.replace(/^\/\/ ?/, "")).join("\n");
  if (isWrong) console.error(text);
  else console.log(text);
  process.exit(isWrong ? 2 : 0);
}
