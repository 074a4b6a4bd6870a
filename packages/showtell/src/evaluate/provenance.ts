// What a bundle's training record says of the pictures that it is scored on, and of other bundles: leaks, choices, seeds. Reads no files.
import { ShowtellError } from "../base/errors.ts";
import { deviation, mean } from "../statistics/spread.ts";
import { hashesIn, shortHash } from "../bundle/hash-list.ts";
import { canonicalJson } from "../bundle/identity.ts";
import type { DecoderManifest, Manifest, TrainingRecord } from "../bundle/manifest.ts";
import type { Mark, Row, SeedGroup } from "./evaluation.ts";

/** Those of the pictures, given by the hashes of their contents, that stand in a list of a record; undefined if it has no such list. */
function recorded(joined: string | undefined, pictures: readonly string[]): readonly string[] | undefined {
  if (joined === undefined) return undefined;
  const known = hashesIn(joined);
  return pictures.filter((hash) => known.has(shortHash(hash)));
}

/** Those of the pictures that a model was trained on; undefined if its bundle does not say. */
export function trainedAmong(
  record: TrainingRecord | undefined,
  pictures: readonly string[],
): readonly string[] | undefined {
  return recorded(record?.pictureHashes, pictures);
}

/** How many of the pictures a model was trained on; undefined if its bundle does not say. */
export function trainedPictures(record: TrainingRecord | undefined, pictures: readonly string[]): number | undefined {
  return trainedAmong(record, pictures)?.length;
}

/** A bundle that captions, for what its training record says. */
interface Trained {
  readonly source: string;
  readonly manifest: Manifest;
}

/**
 * Refuses models that were trained on the pictures that they are judged on.
 * @param pictures Hashes of their contents.
 * @param instead What the message says of the way out.
 * @throws ShowtellError `DATA_LEAK`.
 */
export function refuseTrained(
  models: readonly Trained[],
  pictures: readonly string[],
  split: string,
  instead: string,
): void {
  for (const { source, manifest } of models) {
    const trained = trainedPictures(manifest.training, pictures) ?? 0;
    if (trained === 0) continue;
    throw new ShowtellError(
      "DATA_LEAK",
      `"${source}" was trained on ${trained} of the ${pictures.length} pictures of split "${split}", so that what is found would ` +
        `say nothing: choose another split, or pass --allow-leak${instead}`,
    );
  }
}

/** How many of the pictures a model was chosen by; undefined if its bundle does not say. */
export function choosingPictures(record: TrainingRecord | undefined, pictures: readonly string[]): number | undefined {
  return recorded(record?.selectionHashes, pictures)?.length;
}

/** What is to be marked of a model that is scored on these pictures. */
export function marksOf(record: TrainingRecord | undefined, pictures: readonly string[]): readonly Mark[] {
  const of = `of the ${pictures.length.toLocaleString("en")} pictures`;
  const trained = trainedPictures(record, pictures);
  const chosen = choosingPictures(record, pictures);
  const marks: Mark[] = [];
  if (trained === undefined)
    marks.push({ kind: "unknown", text: "its bundle does not say which pictures it was trained on" });
  if (trained !== undefined && trained > 0)
    marks.push({ kind: "leak", text: `trained on ${trained.toLocaleString("en")} ${of}` });
  if (chosen === undefined)
    marks.push({ kind: "unknown", text: "its bundle does not say which pictures it was chosen by" });
  if (chosen !== undefined && chosen > 0)
    marks.push({ kind: "selection", text: `chosen by ${chosen.toLocaleString("en")} ${of}` });
  return marks;
}

/** Share of captions, as tokens, that do not stand in a model's training captions; undefined if its bundle does not say. */
export function novelShare(
  record: TrainingRecord | undefined,
  captions: readonly (readonly string[])[],
  hash: (text: string) => string,
): number | undefined {
  if (record?.captionHashes === undefined) return undefined;
  const known = hashesIn(record.captionHashes);
  const novel = captions.filter((tokens) => !known.has(shortHash(hash(tokens.join(" ")))));
  return novel.length / captions.length;
}

/** A model that was trained: what says how it was. */
export interface TrainedModel {
  readonly row: Row;
  readonly decoder: DecoderManifest;
  readonly training: Manifest["training"];
}

/** Options with the seed apart, wherever it stands at their top. */
function seedAndRest(options: unknown): { readonly seed: unknown; readonly rest: unknown } {
  if (typeof options !== "object" || options === null) return { seed: undefined, rest: options };
  const { seed, ...rest } = options as Readonly<Record<string, unknown>>;
  return { seed, rest };
}

/** What a decoder reads; where the encoder was fine-tuned, each seed has left another, which is not told apart. */
function encoderRead({ decoder: { encoder }, training }: TrainedModel): Partial<DecoderManifest["encoder"]> {
  const { fineTune } = (training?.["options"] ?? {}) as { readonly fineTune?: unknown };
  if (fineTune === undefined) return encoder;
  const { identity: _identity, ...kept } = encoder;
  return kept;
}

/** Groups models that were trained alike, on the same data, from different seeds. Models without a record are in no group. */
export function seedGroups(models: readonly TrainedModel[], metrics: readonly string[]): readonly SeedGroup[] {
  const groups = new Map<string, Map<string, TrainedModel>>();
  for (const model of models) {
    const { decoder, training } = model;
    if (training === undefined) continue;
    const { seed, rest } = seedAndRest(training["options"]);
    const { spec, decoding } = decoder;
    const key = canonicalJson({ spec, encoder: encoderRead(model), decoding, data: training["data"], rest });
    const bySeed = groups.get(key) ?? new Map<string, TrainedModel>();
    groups.set(key, bySeed.set(canonicalJson(seed ?? null), model));
  }
  const several = [...groups.values()].filter((bySeed) => bySeed.size > 1);
  return several.map((bySeed, i) => {
    const rows = [...bySeed.values()].map(({ row }) => row);
    return {
      name: `${rows.length} seeds${several.length > 1 ? ` (${i + 1})` : ""}`,
      rows: rows.map(({ name }) => name),
      scores: Object.fromEntries(
        metrics.map((metric) => {
          const values = rows.map(({ scores }) => scores![metric]!.value);
          return [metric, { mean: mean(values), deviation: deviation(values) }];
        }),
      ),
    };
  });
}
