// `showtell bundle pack`: a decoder with its encoder in one file, its weights in another precision, or both.
import { ptbTokens } from "caption-metrics";
import { type Command, Option } from "commander";
import { ShowtellError } from "../base/errors.ts";
import type { Bundle } from "../bundle/bundle.ts";
import type { DecoderPrecision } from "../bundle/decoder-bundle.ts";
import {
  readingThrough,
  sameNetwork,
  withEncoder,
  withoutEncoder,
  withPrecision,
  withReferences,
} from "../bundle/decoder-bundle.ts";
import type { EncoderBundle } from "../node/bundle-files.ts";
import { findEncoder, readBundleFile, readEncoderFile, writeBundleFile } from "../node/bundle-files.ts";
import type { Dataset } from "../node/dataset-folder.ts";
import { openDataset } from "../node/dataset-folder.ts";
import { requireOwnFile, requireWritable } from "../node/files.ts";
import { encoderFile } from "../node/weights-folder.ts";
import type { FrequencyTable } from "../text/frequency-table.ts";
import { frequencyTable } from "../text/frequency-table.ts";
import { bundleLines } from "./bundle-lines.ts";
import type { Shell } from "./shell.ts";

interface PackOptions {
  readonly out: string;
  /** A path; undefined: found as captioning finds it; false: left out. */
  readonly encoder?: string | false;
  readonly precision?: DecoderPrecision;
  readonly references?: string;
}

const notes = `
The encoder is sought as captioning does: in the same file, beside it, in the package, in the weights cache. It must be the one that
the decoder was trained on, or that one in another precision: resnet50-integer makes the captioner that ships about twice as fast, with
captions that score the same. Another precision of either is another model: it gets an identity of its own; scores measured before need not hold.

Examples:
  showtell bundle pack runs/first/best.safetensors --out dogs.safetensors
  showtell bundle pack old.safetensors --references flickr8k --out new.safetensors
  showtell bundle pack runs/first/best.safetensors --encoder resnet50-integer --out fast.safetensors
  showtell bundle pack runs/first/best.safetensors --no-encoder --precision float16 --out small.safetensors`;

/** Adds `pack` to the group `bundle`. */
export function addBundlePack(group: Command, shell: Shell): void {
  group
    .command("pack")
    .summary("make one file of a decoder and its encoder, or change its precision")
    .description(
      "Put a decoder and its encoder into one file that captions by itself, and change the precision of its weights.",
    )
    .argument("<decoder>", "bundle with a decoder, such as best.safetensors of a training run")
    .requiredOption("-o, --out <file>", "where to write the new bundle")
    .option("--encoder <file>", "bundle with the encoder, or its name (default: sought, see below)")
    .option("--no-encoder", "leave the encoder out")
    .addOption(
      new Option("--precision <type>", "of the decoder's weights (default: as they are)").choices([
        "float32",
        "float16",
      ]),
    )
    .option("--references <path>", "data set whose training captions a consensus is to weigh words by")
    .addHelpText("after", notes)
    .action((decoder: string, options: PackOptions) => pack(decoder, options, shell));
}

async function pack(
  path: string,
  { out, encoder, precision, references }: PackOptions,
  { terminal }: Shell,
): Promise<void> {
  await requireWritable(out);
  const before = await readBundleFile(path);
  const dataset = references === undefined ? undefined : await openDataset(references, { captionsOnly: true });
  const { read, ...own } = await joined(before, encoder);
  await requireOwnFile(out, [...read, ...(dataset ? [dataset.captionFile] : [])], "the new bundle");
  let { bundle } = own;
  if (dataset !== undefined) bundle = withReferences(bundle, referenceTable(dataset));
  if (precision !== undefined) {
    const { openSession } = await import("../node/ort-session.ts");
    bundle = await withPrecision(bundle, precision, openSession);
  }
  if (before.manifest.calibration !== undefined && bundle.manifest.calibration === undefined)
    terminal.note("its calibration was of the decoder as it was, and is left out: showtell calibrate makes one anew");
  await writeBundleFile(out, bundle);
  await terminal.print(...bundleLines(await readBundleFile(out)));
}

/** Document frequencies of a data set's train split, counted as training counts them. */
function referenceTable(dataset: Dataset): FrequencyTable {
  return frequencyTable(dataset.split("train").map(({ captions }) => captions.map(ptbTokens)));
}

/** A decoder with its encoder, or without. */
interface Joined {
  readonly bundle: Omit<Bundle, "source">;
  /** The bundles that were read besides the decoder's own, which may be written anew. */
  readonly read: readonly string[];
}

async function joined(bundle: Bundle, encoder: PackOptions["encoder"]): Promise<Joined> {
  const { source, decoder } = bundle;
  if (decoder === undefined) throw new ShowtellError("BUNDLE_KIND", `"${source}" holds no decoder: name one that does`);
  if (encoder === false) return { bundle: withoutEncoder(bundle), read: [] };
  if (encoder === undefined && bundle.encoder !== undefined) return { bundle, read: [] };
  const from =
    encoder === undefined ? await findEncoder(source, decoder.manifest) : await readEncoderFile(encoderFile(encoder));
  const licences = from.manifest.licences.filter(({ part }) => part === "encoder");
  const own = await ownEncoder(bundle, from);
  const { identity } = from.encoder.manifest;
  // The one that the decoder was trained on, in another precision.
  const isTwin = own !== from && sameNetwork(own.encoder, from.encoder);
  return {
    bundle: withEncoder(isTwin ? readingThrough(bundle, identity) : bundle, from.encoder, licences),
    read: [from.source, own.source].filter((file) => file !== source),
  };
}

/** The bundle with the encoder that a decoder was trained on: the one at hand, the decoder's own or one that is sought. */
async function ownEncoder(
  { source, decoder, encoder, manifest }: Bundle,
  atHand: EncoderBundle,
): Promise<EncoderBundle> {
  const trainedOn = decoder!.manifest;
  if (atHand.encoder.manifest.identity === trainedOn.encoder.identity) return atHand;
  return encoder === undefined ? findEncoder(source, trainedOn) : { source, manifest, encoder };
}
