// The check by hiding: which parts of the photo each word needs, found on the device by hiding one after the other.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { occlude } from "showtell";
import type { Occlusion } from "showtell";
import type { DeviceState } from "./device.ts";
import { ErrorNote } from "./error-note.tsx";
import type { Device, Said } from "./sources.ts";
import { saidBy } from "./sources.ts";

/** Where the check stands. */
export type Hiding =
  | { readonly kind: "hiding"; readonly done: number; readonly all: number }
  | { readonly kind: "found"; readonly occlusion: Occlusion }
  | { readonly kind: "failed"; readonly error: Said };

/** Hides the parts of a photo, so many on a side, as long as the view is shown and the model is there. */
export function useHiding(device: Device | undefined, photo: File, tokens: readonly string[], side: number): Hiding {
  const [state, setState] = useState<Hiding>({ kind: "hiding", done: 0, all: 0 });
  useEffect(() => {
    if (device === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    setState({ kind: "hiding", done: 0, all: 0 });
    occlude(device.captioner, photo, tokens, {
      side,
      signal,
      onProgress: (done, all) => setState({ kind: "hiding", done, all }),
    }).then(
      (occlusion) => signal.aborted || setState({ kind: "found", occlusion }),
      (thrown: unknown) => signal.aborted || setState({ kind: "failed", error: saidBy(thrown) }),
    );
    return () => leaving.abort();
  }, [device, photo, tokens, side]);
  return state;
}

/** What stands in the place of the map until it is there. */
export function HidingNote({
  state,
  device,
}: {
  readonly state: Exclude<Hiding, { kind: "found" }>;
  /** Undefined where the model can't be had on the device. */
  readonly device: DeviceState | undefined;
}): JSX.Element {
  if (device === undefined) {
    return <p class="hint">The check by hiding parts needs the model on this device, which can’t have this one.</p>;
  }
  if (device.kind === "failed") return <ErrorNote error={device.error} />;
  if (state.kind === "failed") return <ErrorNote error={state.error} />;
  return (
    <div class="hiding">
      <p role="status">
        {device.kind === "ready"
          ? "Hiding one part of the photo after the other, and weighing the words again…"
          : "Waiting for the model on this device…"}
      </p>
      <progress aria-label="Parts of the photo" max={state.all || 1} value={state.done} />
    </div>
  );
}
