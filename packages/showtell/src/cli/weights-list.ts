// `showtell weights list`: the encoders that can be fetched, with what they take, give and weigh. The facts are node/encoder-list.ts.
import type { Command } from "commander";
import type { ListedEncoder } from "../node/encoder-list.ts";
import { jsonOption, quietOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { byteSize, counted, fieldLines } from "./wording.ts";

const notes = `
A layer is what --layer names: pooled gives one vector for a picture, the others one vector for each position. The sizes are those of the
file at each precision. A file that is here was fetched, or ships.

Examples:
  showtell weights list
  showtell weights list --json
  showtell weights fetch inception-v3 --int8`;

/** Adds `list` to the group `weights`. */
export function addWeightsList(group: Command, shell: Shell): void {
  group
    .command("list")
    .summary("list the encoders and what they are")
    .description("List the encoders: preprocessing, layers, sizes, licence, and which of their files are here.")
    .addOption(jsonOption("print a JSON array"))
    .addOption(quietOption())
    .addHelpText("after", notes)
    .action((options: { readonly json?: true }) => list(options, shell));
}

async function list({ json }: { readonly json?: true }, { terminal }: Shell): Promise<void> {
  const { listEncoders } = await import("../node/encoder-list.ts");
  const encoders = listEncoders();
  if (json) await terminal.print(JSON.stringify(encoders, undefined, 2));
  else await terminal.print(...encoders.flatMap((encoder, i) => [...(i > 0 ? [""] : []), ...linesOf(encoder)]));
}

function linesOf(encoder: ListedEncoder): readonly string[] {
  const { name, title, preprocessing, layers, parameters, files, origin, licence } = encoder;
  const { resize, channels, mean, scale } = preprocessing;
  const { registry, name: packageName, version } = encoder.package;
  const shapes = Object.entries(layers).map(([layer, shape]) => `${layer} ${shape.join("×")}`);
  const sizes = Object.entries(files).map(([precision, { bytes }]) => `${precision} ${byteSize(bytes)}`);
  const here = Object.values(files).flatMap(({ path }) => (path === undefined ? [] : [path]));
  const shifted = `${channels} minus ${mean.join(", ")}`;
  const scaled = scale[0] === 1 ? shifted : `(${shifted}) / ${Number((1 / scale[0]).toFixed(3))}`;
  return fieldLines([
    ["encoder", `${name} (${title}), ${counted(parameters, "parameter")}`],
    ["input", `${resize.width}×${resize.height}, ${scaled}`],
    ["layers", shapes.join(", ")],
    ["sizes", sizes.join(", ")],
    ["weights", `${origin}; ${registry} package ${packageName} ${version}`],
    ["licence", licence],
    ...here.map((path) => ["file", path] as const),
  ]);
}
