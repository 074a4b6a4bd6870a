// `showtell inspect`: what a bundle is, for people or as JSON, and its architecture as a drawing. Verifies what reading verifies.
import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { ShowtellError } from "../base/errors.ts";
import type { Bundle } from "../bundle/bundle.ts";
import { describeCaptioner } from "../bundle/diagram.ts";
import type { BundleSummary, WeightsSummary } from "../bundle/summary.ts";
import { summariseBundle } from "../bundle/summary.ts";
import type { PreprocessRule } from "../image/preprocess.ts";
import { findEncoder, readBundleFile } from "../node/bundle-files.ts";
import { defaultModel } from "../node/shipped-models.ts";
import { requireOwnFile, requireWritable, writeFileAtomically } from "../node/files.ts";
import { architectureDiagram } from "../plot/architecture.ts";
import { jsonOption } from "./options.ts";
import type { Shell } from "./shell.ts";
import { byteSize, fieldLines } from "./wording.ts";

interface InspectOptions {
  readonly json?: true;
  readonly svg?: string;
}

type Fields = readonly (readonly [label: string, value: string])[];

const notes = `
Examples:
  showtell inspect
  showtell inspect runs/first/best.safetensors --svg architecture.svg
  showtell inspect model.safetensors --json | jq .decoder.vocabulary.size`;

/** Adds `inspect` to the program. */
export function addInspect(program: Command, shell: Shell): void {
  program
    .command("inspect")
    .summary("print what a model file is")
    .description(
      "Print what a bundle is: architecture, sizes, parameters, vocabulary, preprocessing, how it was trained, licences. A decoder's " +
        "encoder is looked up as captioning does.",
    )
    .argument("[bundle]", "bundle (default: the captioner that ships)")
    .addOption(jsonOption("print it as JSON, with the whole vocabulary"))
    .option("--svg <file>", "also draw the architecture into an SVG file")
    .addHelpText("after", notes)
    .action((path: string | undefined, options: InspectOptions) => inspect(path ?? defaultModel, options, shell));
}

async function inspect(path: string, { json, svg }: InspectOptions, { terminal }: Shell): Promise<void> {
  if (svg !== undefined) await requireWritable(svg);
  const bundle = await readBundleFile(path);
  const encoder = await encoderBundle(bundle);
  if (svg !== undefined) await requireOwnFile(svg, [path, ...(encoder ? [encoder.source] : [])], "the drawing");
  const { size } = await stat(path);
  const summary = summariseBundle(bundle);
  if (json) await terminal.print(JSON.stringify({ file: path, bytes: size, ...summary }, undefined, 2));
  else await terminal.print(textOf(path, size, summary, encoder));
  if (svg === undefined) return;
  const manifest = { ...bundle.manifest, encoder: encoder?.manifest.encoder };
  await writeFileAtomically(svg, await architectureDiagram(describeCaptioner(manifest)));
  terminal.note(`architecture drawn: ${svg}`);
}

/** The bundle that holds the encoder, which may be the same one; undefined if it can't be found. */
async function encoderBundle(bundle: Bundle): Promise<Bundle | undefined> {
  const { encoder, decoder, source } = bundle;
  if (encoder !== undefined || decoder === undefined) return bundle;
  try {
    return await findEncoder(source, decoder.manifest);
  } catch (error) {
    if (error instanceof ShowtellError && error.code === "ENCODER_MISSING") return undefined;
    throw error;
  }
}

function textOf(path: string, bytes: number, summary: BundleSummary, encoder: Bundle | undefined): string {
  const elsewhere = encoder === undefined || encoder.source === path ? undefined : encoder;
  const sections: (readonly [title: string, fields: Fields])[] = [
    [
      "File",
      [
        ["path", `${path} (${byteSize(bytes)})`],
        ["written by", summary.writer],
      ],
    ],
  ];
  const { decoder, training, references, calibration } = summary;
  const other = elsewhere && summariseBundle(elsewhere);
  const shown = summary.encoder ?? other?.encoder;
  if (decoder !== undefined) {
    sections.push(["Decoder", decoderFields(decoder)], ["Vocabulary", vocabularyFields(decoder.vocabulary)]);
  }
  if (shown !== undefined) {
    const where: Fields = elsewhere === undefined ? [] : [["file", elsewhere.source]];
    sections.push(["Encoder", [...where, ...encoderFields(shown)]]);
    sections.push(["Preprocessing", preprocessingFields(shown.preprocessing)]);
  } else if (decoder !== undefined) {
    sections.push([
      "Encoder",
      [["not found", `${decoder.encoder.name} (${decoder.encoder.identity}) is needed to caption`]],
    ]);
  }
  if (training !== undefined) sections.push(["Training", recordFields(training)]);
  if (calibration !== undefined) sections.push(["Calibration", calibrationFields(calibration)]);
  if (references !== undefined) sections.push(["References", recordFields(references)]);
  sections.push(["Licences", [...summary.licences, ...(other?.licences ?? [])].flatMap(licenceFields)]);
  return sections.map(([title, fields]) => sectionText(title, fields)).join("\n\n");
}

function sectionText(title: string, fields: Fields): string {
  return [title, ...fieldLines(fields).map((line) => `  ${line}`)].join("\n");
}

function decoderFields({
  identity,
  spec: { attributes: _ids, ...spec },
  attributes,
  encoder,
  decoding,
  ...weights
}: NonNullable<BundleSummary["decoder"]>): Fields {
  return [
    ["identity", identity],
    ...recordFields({ ...spec }),
    ...(attributes === undefined ? [] : [["attributes", `${attributes.length}: ${attributes.join(" ")}`] as const]),
    ...weightFields(weights),
    ["encoder", `${encoder.layer} features of ${encoder.name} (${encoder.identity})`],
    ["decoding", valueText(decoding)],
  ];
}

function encoderFields({ identity, spec, ...weights }: NonNullable<BundleSummary["encoder"]>): Fields {
  return [["identity", identity], ...recordFields({ ...spec }), ...weightFields(weights)];
}

function preprocessingFields({ resize, channels, mean, scale }: PreprocessRule): Fields {
  return [
    ["picture", `upright, first frame, sRGB, on white; the whole squeezed to ${resize.width} × ${resize.height}`],
    ["filter", `${resize.filter}, antialiased`],
    ["channels", `${channels}, minus ${valueText(mean)}, times ${valueText(scale)}`],
  ];
}

function weightFields({ parameters, bytes }: WeightsSummary): Fields {
  const sizes = Object.entries(bytes).map(([type, count]) => `${byteSize(count)} ${type}`);
  return [["parameters", `${parameters.toLocaleString("en")} (${sizes.join(", ")})`]];
}

function calibrationFields({ metric, threshold, data, quality }: NonNullable<BundleSummary["calibration"]>): Fields {
  const { share, expectedCalibrationError } = quality;
  return [
    ["confidence", `that a caption's ${metric} is above ${threshold}, as that of ${(100 * share).toFixed(1)} % is`],
    ["made on", `${data.pictures.toLocaleString("en")} pictures of ${data.split} of ${data.name}`],
    ["expected error", `${(100 * expectedCalibrationError).toFixed(1)} %`],
  ];
}

/** Words shown from each end of a vocabulary, which is in order of frequency. */
const shownWords = 8;

function vocabularyFields({ size, words }: { readonly size: number; readonly words: readonly string[] }): Fields {
  return [
    ["words", size.toLocaleString("en")],
    ["first", words.slice(0, shownWords).join(" ")],
    ["last", words.slice(-shownWords).join(" ")],
  ];
}

function licenceFields({ part, origin, licence, note }: BundleSummary["licences"][number]): Fields {
  // A note may quote a whole licence, which --json has.
  const [firstLines] = (note ?? "").split("\n\n");
  return [[part, origin], ["", licence], ...(firstLines === "" ? [] : [["", firstLines!] as const])];
}

/** The fields of a record that no one knows in advance: `learningRate 0.002`. */
function recordFields(record: Readonly<Record<string, unknown>>): Fields {
  return Object.entries(record).map(([name, value]) => [wordsOf(name), valueText(value)]);
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? value.toLocaleString("en") : String(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueText).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => `${wordsOf(name)} ${valueText(inner)}`)
    .join(", ");
}

/** `hiddenSize` as "hidden size". */
function wordsOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
