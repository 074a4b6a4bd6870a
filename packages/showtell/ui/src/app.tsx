// The page as a whole: photos come in, captions stand beside them.
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Candidate, CaptionResult } from "showtell/web";
import { DeviceSwitch } from "./device-switch.tsx";
import { useDevice } from "./device.ts";
import { Icon } from "./icon.tsx";
import { Intake } from "./intake.tsx";
import { Neighbours } from "./neighbours.tsx";
import { PhotoCard } from "./photo-card.tsx";
import type { Photo } from "./photos.ts";
import { usePhotos } from "./photos.ts";
import type { Place } from "./place.ts";
import { PlaceContext } from "./place.ts";
import { service } from "./sources.ts";
import { SteeringPanel } from "./steering-panel.tsx";
import { Runs } from "./runs.tsx";
import { Views, showView, useView } from "./views.tsx";
import { Why } from "./why.tsx";
import { firstSettings, steeringOf } from "./steering.ts";

/** How far all photos have come; nothing for a single one, whose card says it. */
function Progress({ photos }: { readonly photos: readonly Photo[] }): JSX.Element | null {
  const done = photos.filter(({ outcome }) => outcome.kind === "captioned" || outcome.kind === "failed").length;
  const failed = photos.filter(({ outcome }) => outcome.kind === "failed").length;
  if (photos.length < 2) return null;
  return (
    <div class="progress">
      <p role="status">
        {`${done} of ${photos.length} photos done`}
        {failed > 0 && `, ${failed} of them without a caption`}
      </p>
      {done < photos.length && <progress aria-label="Photos done" max={photos.length} value={done} />}
    </div>
  );
}

/** Why a photo has its caption; comes into sight, and loads the model onto the device if it is not there yet. */
function Explanation({ load, ...shown }: Parameters<typeof Why>[0] & { readonly load: () => void }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    load();
    place.current!.scrollIntoView();
  }, []);
  return (
    <div ref={place} class="explanation">
      <Why {...shown} />
    </div>
  );
}

/** The app. */
export function App({ place }: { readonly place: Place }): JSX.Element {
  const view = useView(place);
  const [wantsDevice, setWantsDevice] = useState(false);
  const onDevice = place.device !== undefined && (wantsDevice || !place.service);
  const [device, loadDevice] = useDevice(place.device);
  const [settings, setSettings] = useState(firstSettings);
  const asksNeighbours = onDevice ? place.device?.neighbours !== undefined : place.neighbours === true;
  const steering = useMemo(
    () => ({ ...steeringOf(settings), attention: true, ...(asksNeighbours && { neighbours: 3 }) }),
    [settings, asksNeighbours],
  );
  const deviceSource = device.kind === "ready" ? device.device : undefined;
  const list = usePhotos(onDevice ? deviceSource : service, onDevice, steering);
  const add = (files: readonly File[]): void => {
    if (onDevice) loadDevice();
    list.add(files);
    // Photos can be dropped and pasted wherever one is.
    if (view !== "caption") showView("caption");
  };
  const explain = (
    { file, url }: Photo,
    candidate: Candidate,
    neighbours: CaptionResult["neighbours"],
  ): JSX.Element => (
    <>
      <Explanation load={loadDevice} device={place.device && device} photo={file} url={url} candidate={candidate} />
      {neighbours && <Neighbours neighbours={neighbours} candidate={candidate} />}
    </>
  );
  return (
    <PlaceContext.Provider value={place}>
      <header class="top">
        <a class="brand" href="./">
          <img src="./icon.svg" alt="" width="32" height="32" /> showtell
        </a>
        {place.runs && <Views view={view} />}
        {view === "caption" && (
          <DeviceSwitch
            place={place}
            on={onDevice}
            state={device}
            onTurn={(on) => {
              setWantsDevice(on);
              if (on && list.photos.some(({ outcome }) => outcome.kind === "waiting")) loadDevice();
            }}
          />
        )}
      </header>
      {view === "runs" && (
        <main>
          <Runs />
        </main>
      )}
      <main hidden={view !== "caption"}>
        <div class="lead">
          <h1>A photo goes in, a sentence comes out.</h1>
        </div>
        <Intake compact={list.photos.length > 0} onFiles={add} />
        <SteeringPanel
          settings={settings}
          canApply={list.photos.length > 0}
          calibrated={place.calibration !== undefined}
          onChange={setSettings}
          onApply={() => {
            if (onDevice) loadDevice();
            list.again();
          }}
        />
        <Progress photos={list.photos} />
        {list.photos.length > 0 && (
          <ul class="cards" aria-label="Photos">
            {list.photos.map((photo) => (
              <PhotoCard
                key={photo.id}
                photo={photo}
                why={explain}
                keepsFeedback={place.service && place.feedback === true}
                onRemove={() => list.remove(photo)}
              />
            ))}
          </ul>
        )}
      </main>
      <footer class="bottom" hidden={view !== "caption"}>
        <p>
          <Icon name="alert" /> The model knows only what its training photos showed, and is often wrong: read a caption
          before you use it.
        </p>
      </footer>
    </PlaceContext.Provider>
  );
}
