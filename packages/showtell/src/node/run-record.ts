// Makes the record of a run that has ended: measures its model, and puts together what was told, read and measured.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ShowtellError } from "../base/errors.ts";
import type { RunOptions, RunRecord } from "../compare/record.ts";
import { recordName } from "../compare/record.ts";
import { readBundleFile } from "./bundle-files.ts";
import { modelPath } from "./comparison-states.ts";
import type { ComparisonNews } from "./comparison-request.ts";
import { readBytes, unwritable, writeFileAtomically } from "./files.ts";
import { trainingSummary } from "./finished-run.ts";
import { measureModel } from "./measurement.ts";
import type { MeasurementRequest } from "./measurement-request.ts";
import { readRecordedOptions } from "./run-description.ts";
import { runOptions } from "./run-options.ts";
import { readRecords, thisMachine, writeRecord } from "./run-records.ts";
import { runFiles } from "./training-run.ts";
import { writer } from "./version.ts";

/** What a record is made of besides what is measured. */
export interface RecordParts extends Pick<RunRecord, "name" | "kind" | "options" | "uses" | "training" | "data"> {
  readonly seed?: number | undefined;
  /** Folder of the records. */
  readonly records: string;
  readonly measurement: MeasurementRequest;
}

/** What a caller may listen to. */
export interface RecordListener {
  readonly onNews?: (news: ComparisonNews) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Measures a model and writes its record. @throws ShowtellError as `measureModel` and `writeRecord` do. */
export async function makeRecord(
  { records, measurement, seed, name, kind, options, uses, training, data }: RecordParts,
  { onNews, signal }: RecordListener,
): Promise<RunRecord> {
  const measured = await measureModel(measurement, { signal, onNews: (news) => onNews?.({ kind: "measuring", news }) });
  const { model, encoders, evaluation, captions, statistics: rows, meteorName } = measured;
  const record: RunRecord = {
    version: 1,
    writer,
    name,
    kind,
    options,
    ...(seed !== undefined && { seed }),
    uses,
    encoders,
    model,
    ...(training && { training }),
    ...(data !== undefined && { data }),
    evaluation,
    machine: thisMachine(measurement.threads),
    finished: new Date().toISOString(),
  };
  await writeRecord(records, record, { captions, statistics: { images: captions.length, rows, meteorName } });
  onNews?.({ kind: "record", record });
  return record;
}

/** What adopting needs. */
export interface Adoption extends Omit<MeasurementRequest, "model" | "restAfter"> {
  /** The folder of a finished training run. */
  readonly folder: string;
  readonly records: string;
  /** The folder of a comparison's runs, where the model is copied to, so that other runs can begin with it. */
  readonly out: string;
}

/**
 * Makes the record of a run that `showtell train` trained, so that a plan with the same options counts it as done.
 * @throws ShowtellError `RUN_UNFINISHED`, `RUN_FORMAT`, and as {@link makeRecord} does.
 */
export async function adoptRun(
  { folder, records, out, ...request }: Adoption,
  listener: RecordListener = {},
): Promise<RunRecord> {
  const training = await trainingSummary(folder);
  const told = await readRecordedOptions(join(folder, runFiles.description));
  const known = await readRecords(records);
  const { labels, uses } = await modelsOf(told, known);
  const options = runOptions(told, labels);
  const model = join(folder, runFiles.best);
  const { decoder } = await readBundleFile(model);
  const done = known.find((record) => record.model.identity === decoder?.manifest.identity && record.kind === "train");
  if (done !== undefined)
    throw new ShowtellError("RUN_EXISTS", `"${folder}" has a record already: ${join(records, `${done.name}.json`)}`);
  const { seed } = told.training;
  const words = [String(options["decoder"]), "adopted", `s${seed}`];
  const name = recordName(words, { kind: "train", options, data: training.data.hash });
  const { selectFirst } = told.training as { readonly selectFirst?: number };
  // Copied first: with a record the run counts as done, and is not adopted again.
  const copy = modelPath(out, name);
  await mkdir(dirname(copy), { recursive: true }).catch((cause: unknown) => {
    throw unwritable(copy, cause);
  });
  await writeFileAtomically(copy, await readBytes(model));
  return makeRecord(
    {
      records,
      name,
      kind: "train",
      options,
      seed,
      uses,
      training,
      measurement: { ...request, model, restAfter: selectFirst },
    },
    listener,
  );
}

/** The names of the runs whose models a run began with or was taught by, by the paths under which it was told of them. */
async function modelsOf(
  told: RunOptions,
  records: readonly RunRecord[],
): Promise<{ readonly labels: ReadonlyMap<string, string>; readonly uses: Readonly<Record<string, string>> }> {
  const labels = new Map<string, string>();
  const uses: Record<string, string> = {};
  const { init, encoder, distil } = told as { readonly [Option in "init" | "encoder"]?: string } & {
    readonly distil?: { readonly models: string };
  };
  const teachers = distil?.models.split(",") ?? [];
  for (const path of [init, encoder, ...teachers]) {
    if (path === undefined) continue;
    const { decoder } = await readBundleFile(path);
    if (decoder === undefined) continue; // an encoder's file: its name says enough
    const { identity } = decoder.manifest;
    // A lone model has its identity in records of how it captions, too.
    const trained = records.find(({ kind, model }) => kind === "train" && model.identity === identity);
    const name = trained?.name ?? `model-${identity.slice(0, 12)}`;
    labels.set(path, name);
    uses[name] = identity;
  }
  return { labels, uses };
}
