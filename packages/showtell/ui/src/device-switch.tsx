// The switch between the service and the device, and in words what it means for the photos.
import type { JSX } from "preact";
import type { DeviceState } from "./device.ts";
import { ErrorNote } from "./error-note.tsx";
import { Icon } from "./icon.tsx";
import type { Place } from "./place.ts";
import { deviceBytes } from "./place.ts";

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** What the engine runs on, in words. */
const deviceWords = { webgpu: "the graphics processor", wasm: "WebAssembly" } as const;

/** What is said of the device, by where its loading stands. */
const stateWords: {
  readonly [Kind in DeviceState["kind"]]: (state: Extract<DeviceState, { kind: Kind }>, bytes: number) => string;
} = {
  off: (_, bytes) => `Photos stay on this device. The first one fetches the model (${megabytes(bytes)}), once.`,
  loading: ({ progress }) =>
    progress === undefined || progress.loadedBytes >= progress.totalBytes
      ? "Preparing the model…"
      : `Fetching the model, once: ${megabytes(progress.loadedBytes)} of ${megabytes(progress.totalBytes)}`,
  ready({ device: { engine } }) {
    const { device, threads, note } = engine;
    const count = device === "wasm" ? `, ${threads} ${threads === 1 ? "thread" : "threads"}` : "";
    return `Photos stay on this device: captioned by ${deviceWords[device]}${count}.${note === undefined ? "" : ` (${note})`}`;
  },
  failed: () => "The model could not be loaded onto this device.",
};

function words(state: DeviceState, on: boolean, { device, feedback = false }: Place): string {
  if (device === undefined) return "This model runs on the server only.";
  if (!on)
    return `Photos are sent to the service that shows this page, and ${feedback ? "kept there only if you say so" : "not kept there"}.`;
  return (stateWords[state.kind] as (state: DeviceState, bytes: number) => string)(state, deviceBytes(device));
}

/** The switch. Where there is only one of the two, it says so and can't be turned. */
export function DeviceSwitch({
  place,
  on,
  state,
  onTurn,
}: {
  readonly place: Place;
  readonly on: boolean;
  readonly state: DeviceState;
  readonly onTurn: (on: boolean) => void;
}): JSX.Element {
  const both = place.service && place.device !== undefined;
  return (
    <div class="device">
      <button
        type="button"
        role="switch"
        class="switch"
        aria-checked={on}
        aria-describedby="device-words"
        disabled={!both}
        onClick={() => onTurn(!on)}
      >
        <Icon name="device" />
        <span>On this device</span>
        <span class="switch-track" aria-hidden="true" />
      </button>
      <p id="device-words" class="device-words" role="status">
        {words(state, on, place)}
      </p>
      {on && state.kind === "loading" && state.progress !== undefined && (
        <progress
          aria-label="Fetching the model"
          max={state.progress.totalBytes}
          value={Math.min(state.progress.loadedBytes, state.progress.totalBytes)}
        />
      )}
      {on && state.kind === "failed" && <ErrorNote error={state.error} />}
    </div>
  );
}
