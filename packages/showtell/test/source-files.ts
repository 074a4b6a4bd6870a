// Reads the source tree for tests about the project itself: which files there are, what they import, what is code in them.
// A scanner, not a parser: it knows comments, strings and regular expressions apart, and leaves the rest to the formatter.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A source file: its path below the scanned folder, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The root of the checkout. */
export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Whether the model that ships lies in the checkout; what needs it is tested once it does. */
export const modelShips: boolean = existsSync(join(root, "packages/showtell/models/flickr8k.safetensors"));

/** All files below a folder (given relative to the root) whose name ends in `ending`, sorted by path. */
export function filesBelow(folder: string, ending: string): SourceFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => {
      const full = join(entry.parentPath, entry.name);
      const path = full.slice(join(root, folder).length + 1).replaceAll("\\", "/");
      return { path, text: readFileSync(full, "utf8") };
    })
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

// One alternative for each thing whose inside is not code. A `/` opens a regular expression only where a value may begin.
const notCode = new RegExp(
  [
    /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)/,
    /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/,
    /(?<=(?:^|[(,=:[!&|?{};+]|=>|\breturn)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/,
  ]
    .map((part) => part.source)
    .join("|"),
  "gm",
);

/** The text with comments removed; strings stay. */
function withoutComments(text: string): string {
  return text.replace(notCode, (found, comment?: string) => (comment === undefined ? found : " "));
}

/** The text with comments, strings and regular expressions removed: identifiers, operators and keywords are left. */
export function codeOnly(text: string): string {
  return text.replace(notCode, (_, comment?: string) => (comment === undefined ? '""' : " "));
}

/** What a file imports, types included: the specifiers of import and export-from statements and of `import(...)`. */
export function importsOf(text: string): string[] {
  const code = withoutComments(text);
  const statements = code.matchAll(/^(?:import|export)\b(?:[^"';]*?\bfrom)?\s*["']([^"'\n]+)["']/gm);
  const calls = code.matchAll(/\bimport\(\s*["'`]([^"'`\n]+)["'`]/g);
  return [...statements, ...calls].map((match) => match[1]!);
}
