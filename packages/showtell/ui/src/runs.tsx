// Training runs: the list, the curves of one, two of them compared, what the model says by now. What the service tells is run-source.ts.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { RunEpoch, RunRecord, RunState, RunSummary } from "showtell";
import { ErrorNote } from "./error-note.tsx";
import type { ChartLine } from "./line-chart.tsx";
import { LineChart } from "./line-chart.tsx";
import { useAsked } from "./run-source.ts";

const stateWords: Readonly<Record<RunState, string>> = {
  running: "running",
  finished: "finished",
  "early stop": "stopped early",
  cancelled: "cancelled",
  interrupted: "interrupted",
  damaged: "can’t be read",
};

/** Seconds for people: "3 min", "2 h 10 min". */
function timeWords(seconds: number): string {
  const minutes = Math.round(seconds / 60);
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const percent = (share: number): string => (100 * share).toFixed(1);

function progressWords({ state, epochs, secondsLeft }: RunSummary): string {
  if (epochs === undefined) return "";
  const done = `epoch ${epochs.done} of ${epochs.planned}`;
  return state === "running" && secondsLeft !== undefined ? `${done}, at most ${timeWords(secondsLeft)} left` : done;
}

function RunList({
  runs,
  chosen,
  onChoose,
}: {
  readonly runs: readonly RunSummary[];
  readonly chosen: readonly (string | undefined)[];
  readonly onChoose: (name: string) => void;
}): JSX.Element {
  return (
    <ul class="run-list" aria-label="Training runs">
      {runs.map((run) => (
        <li key={run.name}>
          <button type="button" aria-pressed={run.name === chosen[0]} onClick={() => onChoose(run.name)}>
            <span class="run-name">
              <strong>{run.name}</strong>
              <span class="run-state" data-state={run.state}>
                {stateWords[run.state]}
              </span>
            </span>
            <span class="hint">
              {[run.decoder, run.data, run.objective === "self-critical" ? "by rewards" : undefined]
                .filter((part) => part !== undefined)
                .join(" · ")}
            </span>
            <span class="hint">{progressWords(run)}</span>
            {run.epochs && (
              <span class="candidate-bar" aria-hidden="true">
                <span style={{ width: `${(100 * run.epochs.done) / run.epochs.planned}%` }} />
              </span>
            )}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** What training optimised, if that is a likelihood of true captions: where rewards are learnt from, it is none, nor are the tokens theirs. */
const ofTruth = ({ train }: RunEpoch, quality: "loss" | "accuracy"): number | undefined =>
  train.reward === undefined ? train[quality] : undefined;

/** What of an epoch is drawn, by panel; undefined of epochs that do not have it. */
const panels = {
  Loss: {
    unit: "nats a token",
    train: (epoch: RunEpoch) => ofTruth(epoch, "loss"),
    dev: ({ dev }: RunEpoch) => dev.loss,
    format: (value: number) => value.toFixed(2),
  },
  Accuracy: {
    unit: "tokens guessed right, %",
    train: (epoch: RunEpoch) => ofTruth(epoch, "accuracy"),
    dev: ({ dev }: RunEpoch) => dev.accuracy,
    format: percent,
  },
  Reward: {
    unit: "mean of drawn captions",
    train: ({ train }: RunEpoch) => train.reward,
    dev: () => undefined,
    format: (value: number) => value.toFixed(2),
  },
  CIDEr: {
    unit: "of dev captions, × 100",
    train: () => undefined,
    dev: ({ scores }: RunEpoch) => scores?.CIDEr,
    format: percent,
  },
  Speed: {
    unit: "captions a second",
    train: ({ captionsPerSecond }: RunEpoch) => captionsPerSecond,
    dev: () => undefined,
    format: (value: number) => value.toFixed(0),
  },
} as const;

function linesOf(
  runs: readonly RunRecord[],
  { train, dev }: (typeof panels)[keyof typeof panels],
): readonly ChartLine[] {
  return runs.flatMap(({ name, history }, place) => {
    const points = (of: (epoch: RunEpoch) => number | undefined): ChartLine["points"] =>
      history.flatMap((epoch) => {
        const value = of(epoch);
        return value === undefined ? [] : [{ x: epoch.epoch, y: value }];
      });
    const [trained, judged] = [points(train), points(dev)];
    const prefix = runs.length > 1 ? `${name}, ` : "";
    const isAlone = trained.length === 0 || judged.length === 0;
    return [
      { name: isAlone ? name : `${prefix}train`, colour: place, dashed: !isAlone, points: trained },
      { name: isAlone ? name : `${prefix}dev`, colour: place, points: judged },
    ];
  });
}

function Tiles({ run }: { readonly run: RunRecord }): JSX.Element {
  const { best, history, secondsLeft, state } = run;
  const newest = history.at(-1);
  const tiles = [
    ["best CIDEr", best?.CIDEr === undefined ? undefined : percent(best.CIDEr)],
    ["best dev loss", best?.loss.toFixed(3)],
    ["best epoch", best?.epoch.toString()],
    ["captions a second", newest?.captionsPerSecond.toFixed(0)],
    ["left, at most", state === "running" && secondsLeft !== undefined ? timeWords(secondsLeft) : undefined],
  ].filter(([, value]) => value !== undefined);
  return (
    <dl class="tiles">
      {tiles.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Samples({ runs }: { readonly runs: readonly RunRecord[] }): JSX.Element | null {
  const [{ samples }, other] = runs as readonly [RunRecord, RunRecord?];
  if (samples.length === 0) return null;
  return (
    <section class="samples">
      <h3>{`What it says after epoch ${samples[0]!.epoch}`}</h3>
      <ul>
        {samples.map(({ image, caption, reference }) => {
          const compared = other?.samples.find((sample) => sample.image === image);
          return (
            <li key={image}>
              <p class="hint">{image}</p>
              <p class="sample-caption">{caption}</p>
              {compared && <p>{`${other!.name}: ${compared.caption}`}</p>}
              <p class="hint">{`a person: ${reference}`}</p>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Compare({
  runs,
  chosen,
  compared,
  onCompare,
}: {
  readonly runs: readonly RunSummary[];
  readonly chosen: string;
  readonly compared: string | undefined;
  readonly onCompare: (name: string | undefined) => void;
}): JSX.Element {
  // Who chooses the run that was compared finds nothing compared: there is no option of its own name.
  const other = compared === chosen ? undefined : compared;
  return (
    <label class="compare">
      Compare with
      <select value={other ?? ""} onChange={({ currentTarget }) => onCompare(currentTarget.value || undefined)}>
        <option value="">nothing</option>
        {runs
          .filter(({ name }) => name !== chosen)
          .map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
      </select>
    </label>
  );
}

const addressOf = (name: string | undefined): string | undefined =>
  name === undefined ? undefined : `v1/runs/${encodeURIComponent(name)}`;

/** The view. */
export function Runs(): JSX.Element {
  const list = useAsked<{ readonly runs: readonly RunSummary[] }>("v1/runs");
  const [named, setNamed] = useState<string>();
  const [compared, setCompared] = useState<string>();
  const runs = list.value?.runs ?? [];
  const chosen = named ?? runs[0]?.name;
  const own = useAsked<RunRecord>(addressOf(chosen));
  const other = useAsked<RunRecord>(addressOf(compared === chosen ? undefined : compared));
  const shown = [own.value, other.value].filter((run) => run !== undefined);
  const error = list.error ?? own.error ?? other.error;
  return (
    <>
      <div class="lead">
        <h1>Training runs</h1>
      </div>
      {error && <ErrorNote error={error} />}
      {list.value !== undefined && runs.length === 0 && (
        <p class="pending">There is no run in the folder yet: it appears here as soon as one begins.</p>
      )}
      {list.value === undefined && !error && <p class="pending">Looking for runs…</p>}
      <div class="runs">
        <RunList runs={runs} chosen={[chosen, compared]} onChoose={setNamed} />
        {own.value && (
          <section class="run" aria-label={`Run ${own.value.name}`}>
            <div class="run-head">
              <h2>{own.value.name}</h2>
              {runs.length > 1 && (
                <Compare runs={runs} chosen={own.value.name} compared={compared} onCompare={setCompared} />
              )}
            </div>
            <p role="status" class="hint">
              {[stateWords[own.value.state], progressWords(own.value)].filter((part) => part !== "").join(": ")}
            </p>
            <Tiles run={own.value} />
            <div class="charts">
              {Object.entries(panels).map(([title, panel]) => (
                <LineChart
                  key={title}
                  title={title}
                  unit={panel.unit}
                  format={panel.format}
                  lines={linesOf(shown, panel)}
                />
              ))}
            </div>
            <Samples runs={shown} />
          </section>
        )}
      </div>
    </>
  );
}
