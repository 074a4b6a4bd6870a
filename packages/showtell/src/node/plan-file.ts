// Reads a plan from a file, YAML or JSON by its ending. What a plan may say is compare/plan.ts.
import { extname } from "node:path";
import { utf8Text } from "../base/bytes.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import type { Plan } from "../compare/plan.ts";
import { parsePlan, planError } from "../compare/plan.ts";
import { readBytes } from "./files.ts";

type Parser = (text: string) => Promise<unknown>;

// Loaded where there is YAML to read: no other command needs it.
const parseYaml: Parser = async (text) => (await import("yaml")).parse(text) as unknown;

const parsers: Readonly<Record<string, Parser>> = {
  // oxlint-disable-next-line require-await -- so that what it throws is a rejection, as for YAML
  ".json": async (text) => JSON.parse(text) as unknown,
  ".yaml": parseYaml,
  ".yml": parseYaml,
};

/**
 * Reads a plan.
 * @throws ShowtellError `PLAN_FORMAT` naming the field or the line, `FILE_NOT_FOUND`.
 */
export async function readPlan(path: string): Promise<Plan> {
  const parser = parsers[extname(path).toLowerCase()];
  if (parser === undefined)
    throw planError(path, "it", `is called neither .yaml nor .json: say by its ending what it is`);
  const bytes = await readBytes(path);
  let content: unknown;
  try {
    content = await parser(utf8Text(bytes));
  } catch (cause) {
    const [first] = messageOf(cause).split("\n");
    throw new ShowtellError("PLAN_FORMAT", `plan "${path}" can't be read: ${first}`, { cause });
  }
  return parsePlan(content, path);
}
