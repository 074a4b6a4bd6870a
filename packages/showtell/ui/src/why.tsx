// Why these words: which parts of the photo each word rests on, by hiding one after the other. The model has to be on the device.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { occlude } from "showtell";
import type { Occlusion } from "showtell";
import { ErrorNote } from "./error-note.tsx";
import type { Device, Said } from "./sources.ts";
import { saidBy } from "./sources.ts";

type State =
  | { readonly kind: "hiding"; readonly done: number; readonly all: number }
  | { readonly kind: "found"; readonly occlusion: Occlusion }
  | { readonly kind: "failed"; readonly error: Said };

/** Hides the parts of a photo as long as the view is shown. */
function useOcclusion(device: Device | undefined, photo: File, tokens: readonly string[]): State {
  const [state, setState] = useState<State>({ kind: "hiding", done: 0, all: 0 });
  useEffect(() => {
    if (device === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    setState({ kind: "hiding", done: 0, all: 0 });
    occlude(device.captioner, photo, tokens, {
      signal,
      onProgress: (done, all) => setState({ kind: "hiding", done, all }),
    }).then(
      (occlusion) => signal.aborted || setState({ kind: "found", occlusion }),
      (thrown: unknown) => signal.aborted || setState({ kind: "failed", error: saidBy(thrown) }),
    );
    return () => leaving.abort();
  }, [device, photo, tokens]);
  return state;
}

const heights = [
  "at the top",
  "near the top",
  "above the middle",
  "at middle height",
  "below the middle",
  "near the bottom",
  "at the bottom",
];
const breadths = [
  "far left",
  "left",
  "left of the centre",
  "in the centre",
  "right of the centre",
  "right",
  "far right",
];

/** Where a part lies, in words; the view always asks for seven on a side. */
function placeWords(place: number): string {
  return `${heights[Math.floor(place / 7)]}, ${breadths[place % 7]}`;
}

/** What hiding did to a word, in words. */
function verdict(word: string, drops: readonly number[]): string {
  const largest = Math.max(...drops);
  const times = Math.exp(largest);
  if (times < 1.2) return `No part of the photo matters much for “${word}”: the model says it from habit.`;
  return `Hiding the part ${placeWords(drops.indexOf(largest))}, makes “${word}” ${times.toPrecision(2)} times less likely.`;
}

function Heat({
  occlusion,
  token,
  url,
}: {
  readonly occlusion: Occlusion;
  readonly token: number;
  readonly url: string;
}): JSX.Element {
  const { side, drops } = occlusion;
  const own = drops[token]!;
  const largest = Math.max(...own, Math.log(1.2));
  return (
    <div class="heat">
      <img src={url} alt="" />
      <div
        class="heat-cells"
        style={{ gridTemplate: `repeat(${side}, 1fr) / repeat(${side}, 1fr)` }}
        aria-hidden="true"
      >
        {own.map((drop, place) => (
          <span key={place} style={{ opacity: 0.75 * (1 - Math.max(0, drop) / largest) }} />
        ))}
      </div>
    </div>
  );
}

/** The view. */
export function Why({
  device,
  photo,
  url,
  tokens,
}: {
  /** Undefined while the model is on its way. */
  readonly device: Device | undefined;
  readonly photo: File;
  readonly url: string;
  readonly tokens: readonly string[];
}): JSX.Element {
  const state = useOcclusion(device, photo, tokens);
  const [token, setToken] = useState(0);
  if (device === undefined) return <p class="pending">Waiting for the model on this device…</p>;
  if (state.kind === "failed") return <ErrorNote error={state.error} />;
  if (state.kind === "hiding") {
    return (
      <div class="why">
        <p role="status">Hiding one part of the photo after the other, and weighing the words again…</p>
        <progress aria-label="Parts of the photo" max={state.all || 1} value={state.done} />
      </div>
    );
  }
  const { occlusion } = state;
  const chosen = Math.min(token, tokens.length - 1);
  return (
    <div class="why">
      <div class="words" role="group" aria-label="Words of the caption">
        {tokens.map((word, place) => (
          <button key={place} type="button" aria-pressed={place === chosen} onClick={() => setToken(place)}>
            {word}
          </button>
        ))}
      </div>
      <Heat occlusion={occlusion} token={chosen} url={url} />
      <p role="status">{verdict(tokens[chosen]!, occlusion.drops[chosen]!)}</p>
      <p class="hint">
        Bright is what the word rests on: hidden, it makes the word less likely. The model sees the photo squeezed to a
        square.
      </p>
    </div>
  );
}
