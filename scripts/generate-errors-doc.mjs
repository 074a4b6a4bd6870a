// Writes docs/errors.md from the table in packages/showtell/src/base/errors.ts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, setup } from "./setup.mjs";

setup(); // so that the built table is the one in the sources

const { errorCodes } = await import("../packages/showtell/dist/base/errors.js");
const sections = Object.entries(errorCodes).map(([code, meaning]) => `## ${code}\n\n${meaning}\n`);
const text = [
  "# Errors\n",
  "<!-- Written by scripts/generate-errors-doc.mjs from packages/showtell/src/base/errors.ts: edit it there. -->\n",
  "Whatever goes wrong because of an input, a file or an option is a `ShowtellError`. Its `code` is one of the following and is",
  "meant for programs; its `message` is meant for people and says what happened, where, and what to do. The command prints both.\n",
  ...sections,
].join("\n");

writeFileSync(join(root, "docs", "errors.md"), text);
