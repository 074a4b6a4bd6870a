// The photos on the page, each with what became of it. Photos are captioned one after the other, in the order in which they came.
import { useEffect, useReducer, useRef } from "preact/hooks";
import type { CaptionResult } from "showtell/web";
import type { CaptionSource, Said } from "./sources.ts";
import { saidBy } from "./sources.ts";
import type { Steering } from "./steering.ts";

/** What became of a photo. */
export type Outcome =
  | { readonly kind: "waiting" }
  | { readonly kind: "working" }
  | { readonly kind: "captioned"; readonly result: CaptionResult; readonly onDevice: boolean; readonly seconds: number }
  | { readonly kind: "failed"; readonly error: Said };

/** A photo on the page. */
export interface Photo {
  readonly id: number;
  readonly file: File;
  /** Address of the file for an `<img>`; freed when the photo is removed. */
  readonly url: string;
  readonly outcome: Outcome;
}

type Action =
  | { readonly kind: "add"; readonly photos: readonly Photo[] }
  | { readonly kind: "remove"; readonly id: number }
  | { readonly kind: "set"; readonly id: number; readonly outcome: Outcome }
  | { readonly kind: "again" };

const changes: {
  readonly [Kind in Action["kind"]]: (photos: readonly Photo[], action: Action & { kind: Kind }) => readonly Photo[];
} = {
  add: (photos, { photos: added }) => [...added, ...photos],
  remove: (photos, { id }) => photos.filter((photo) => photo.id !== id),
  set: (photos, { id, outcome }) => photos.map((photo) => (photo.id === id ? { ...photo, outcome } : photo)),
  again: (photos) => photos.map((photo) => ({ ...photo, outcome: { kind: "waiting" } })),
};

function reduce(photos: readonly Photo[], action: Action): readonly Photo[] {
  return (changes[action.kind] as (photos: readonly Photo[], action: Action) => readonly Photo[])(photos, action);
}

/** The photos, and what can be done with them. */
export interface PhotoList {
  readonly photos: readonly Photo[];
  add(files: readonly File[]): void;
  remove(photo: Photo): void;
  /** Captions all photos anew: after steering, say. */
  again(): void;
}

let lastId = 0;

function photoOf(file: File): Photo {
  return { id: ++lastId, file, url: URL.createObjectURL(file), outcome: { kind: "waiting" } };
}

/** Keeps photos, and captions those that wait as soon as there is a source. */
export function usePhotos(source: CaptionSource | undefined, onDevice: boolean, steering: Steering): PhotoList {
  const [photos, dispatch] = useReducer(reduce, []);
  const running = useRef<{ readonly id: number; readonly controller: AbortController } | undefined>(undefined);
  useEffect(() => {
    if (source === undefined || running.current !== undefined) return;
    // The oldest first: new photos stand at the top.
    const next = photos.findLast(({ outcome }) => outcome.kind === "waiting");
    if (next === undefined) return;
    const controller = new AbortController();
    running.current = { id: next.id, controller };
    dispatch({ kind: "set", id: next.id, outcome: { kind: "working" } });
    void outcomeOf(source, onDevice, next.file, steering, controller.signal).then((outcome) => {
      running.current = undefined;
      dispatch({ kind: "set", id: next.id, outcome: controller.signal.aborted ? { kind: "waiting" } : outcome });
    });
  }, [photos, source, onDevice, steering]);
  return {
    photos,
    add: (files) => dispatch({ kind: "add", photos: files.map(photoOf).toReversed() }),
    remove(photo) {
      if (running.current?.id === photo.id) running.current.controller.abort();
      dispatch({ kind: "remove", id: photo.id });
      URL.revokeObjectURL(photo.url);
    },
    again() {
      running.current?.controller.abort();
      dispatch({ kind: "again" });
    },
  };
}

async function outcomeOf(
  source: CaptionSource,
  onDevice: boolean,
  file: File,
  steering: Steering,
  signal: AbortSignal,
): Promise<Outcome> {
  const started = performance.now();
  try {
    const result = await source.caption(file, steering, signal);
    return { kind: "captioned", result, onDevice, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    return { kind: "failed", error: saidBy(error) };
  }
}
