// How photos come onto the page: dropped anywhere, pasted, picked, or taken with the camera.
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Camera } from "./camera.tsx";
import { Icon } from "./icon.tsx";

/** The files among what was dropped or pasted. */
function filesOf(transfer: DataTransfer | null): readonly File[] {
  return [...(transfer?.files ?? [])];
}

/** Listens for drops and pastes on the whole page; tells whether something is being dragged over it. */
function useDropAndPaste(onFiles: (files: readonly File[]) => void): boolean {
  const [dragging, setDragging] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  // Before the first frame is drawn: a photo that is dropped on that must not be missed.
  useLayoutEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    const give = (files: readonly File[]): void => {
      if (files.length > 0) latest.current(files);
    };
    addEventListener(
      "dragover",
      (event) => {
        event.preventDefault();
        setDragging(true);
      },
      { signal },
    );
    addEventListener("dragleave", (event) => event.relatedTarget === null && setDragging(false), { signal });
    addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        setDragging(false);
        give(filesOf(event.dataTransfer));
      },
      { signal },
    );
    addEventListener("paste", (event) => give(filesOf(event.clipboardData)), { signal });
    return () => listening.abort();
  }, []);
  return dragging;
}

/** The place where photos come in. */
export function Intake({
  compact,
  onFiles,
}: {
  /** Whether there are photos already, so that they should have the room. */
  readonly compact: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}): JSX.Element {
  const dragging = useDropAndPaste(onFiles);
  const [camera, setCamera] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <section
      class={`intake ${compact ? "intake-compact" : ""} ${dragging ? "intake-dragging" : ""}`}
      aria-label="Add photos"
    >
      <div class="intake-words">
        <Icon name="photos" />
        <p class="intake-lead">
          <span class="for-mice">{dragging ? "Let go to caption" : "Drop photos here"}</span>
          <span class="for-fingers">Caption your photos</span>
        </p>
        <p class="intake-more">
          <span class="for-mice">or paste them (Ctrl+V), several at once if you like</span>
          <span class="for-fingers">one, or several at once</span>
        </p>
      </div>
      <div class="row">
        <button type="button" class="button button-primary" onClick={() => input.current?.click()}>
          Choose photos
        </button>
        <button type="button" class="button" onClick={() => setCamera(true)}>
          <Icon name="camera" /> Use the camera
        </button>
      </div>
      <input
        ref={input}
        hidden
        type="file"
        accept="image/*"
        multiple
        aria-label="Choose photos"
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          // The same file may be chosen again.
          currentTarget.value = "";
        }}
      />
      {camera && (
        <Camera
          onPhoto={(photo) => {
            setCamera(false);
            onFiles([photo]);
          }}
          onClose={() => setCamera(false)}
        />
      )}
    </section>
  );
}
