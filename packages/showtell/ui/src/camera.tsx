// A dialog with the camera's picture, and a button that takes it. Nothing is sent or kept until then.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ErrorNote } from "./error-note.tsx";
import { Icon } from "./icon.tsx";
import type { Said } from "./sources.ts";

/** What the browser's refusals mean. */
const refusals: Readonly<Record<string, string>> = {
  NotAllowedError:
    "The camera may not be used here: allow it in the browser's settings for this page, or choose a photo instead.",
  NotFoundError: "No camera was found: choose a photo instead.",
  NotReadableError: "The camera is in use by another program: close that, and try again.",
};

function saidOf(error: unknown): Said {
  const name = error instanceof DOMException ? error.name : "";
  return {
    code: "CAMERA",
    message: refusals[name] ?? "The camera can't be used in this browser: choose a photo instead.",
  };
}

/** The video's picture as it is now. */
async function pictureOf(video: HTMLVideoElement): Promise<File> {
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d")!.drawImage(video, 0, 0);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
  return new File([blob], "camera.jpg", { type: blob.type });
}

/** The dialog. */
export function Camera({
  onPhoto,
  onClose,
}: {
  readonly onPhoto: (photo: File) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [ready, setReady] = useState(false);
  const [error, setError] = useState<Said>();
  useEffect(() => {
    dialog.current!.showModal();
    let stream: MediaStream | undefined;
    let closed = false;
    const stop = (): void => stream?.getTracks().forEach((track) => track.stop());
    const start = async (): Promise<void> => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      // The dialog may have been closed while the browser asked for leave.
      if (closed) return stop();
      video.current!.srcObject = stream;
      await video.current!.play();
      setReady(true);
    };
    start().catch((thrown: unknown) => setError(saidOf(thrown)));
    return () => {
      closed = true;
      stop();
    };
  }, []);
  const take = async (): Promise<void> => {
    // That lasts a moment, in which another click would take another.
    setReady(false);
    try {
      onPhoto(await pictureOf(video.current!));
    } catch (thrown) {
      setError(saidOf(thrown));
    }
  };
  return (
    <dialog ref={dialog} class="camera" aria-label="Camera" onClose={onClose}>
      {error === undefined ? <video ref={video} playsInline muted /> : <ErrorNote error={error} />}
      <div class="row">
        <button type="button" class="button button-primary" disabled={!ready} onClick={() => void take()}>
          <Icon name="camera" /> Take the photo
        </button>
        <button type="button" class="button" onClick={() => dialog.current!.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
