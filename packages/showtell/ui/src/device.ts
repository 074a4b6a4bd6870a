// The device as a source of captions: loaded when it is first wanted, with progress. Knows nothing of how that looks.
import { useCallback, useState } from "preact/hooks";
import type { DeviceModel } from "./place.ts";
import type { Device, LoadingProgress, Said } from "./sources.ts";
import { openDevice, saidBy } from "./sources.ts";

/** Where loading stands. */
export type DeviceState =
  | { readonly kind: "off" }
  | { readonly kind: "loading"; readonly progress: LoadingProgress | undefined }
  | { readonly kind: "ready"; readonly device: Device }
  | { readonly kind: "failed"; readonly error: Said };

/** The device's state, and what loads it. */
export function useDevice(model: DeviceModel | undefined): readonly [DeviceState, () => void] {
  const [state, setState] = useState<DeviceState>({ kind: "off" });
  const load = useCallback(() => {
    if (model === undefined || state.kind === "loading" || state.kind === "ready") return;
    setState({ kind: "loading", progress: undefined });
    openDevice(model, (progress) => setState({ kind: "loading", progress })).then(
      (device) => setState({ kind: "ready", device }),
      (thrown: unknown) => setState({ kind: "failed", error: saidBy(thrown) }),
    );
  }, [model, state.kind]);
  return [state, load];
}
