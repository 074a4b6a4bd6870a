// A photo and what became of it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Candidate, CaptionResult } from "showtell/web";
import { CaptionView } from "./caption-view.tsx";
import { ErrorNote } from "./error-note.tsx";
import { Icon } from "./icon.tsx";
import { inTwoDigits } from "./numbers.ts";
import type { Outcome, Photo } from "./photos.ts";

function how({ onDevice, seconds, result }: Extract<Outcome, { kind: "captioned" }>): string {
  const said = `${onDevice ? "on this device" : "by the service"}, in ${seconds.toFixed(1)} s`;
  const { steeringCost: cost } = result;
  if (cost === undefined || cost <= 0) return said;
  return `${said}; steering made it ${inTwoDigits(Math.exp(cost))} times less likely`;
}

/** Draws why a photo has a caption. */
type ExplainPhoto = (photo: Photo, candidate: Candidate, neighbours: CaptionResult["neighbours"]) => JSX.Element;

/** What stands beside a photo, by what became of it. */
const views: {
  readonly [Kind in Outcome["kind"]]: (
    outcome: Extract<Outcome, { kind: Kind }>,
    photo: Photo,
    why: ExplainPhoto,
    keepsFeedback: boolean,
  ) => JSX.Element;
} = {
  waiting: () => <p class="card-words pending">Waiting for its turn…</p>,
  working: () => (
    <div class="card-words pending">
      <span class="pulse" aria-hidden="true" />
      Looking at it…
    </div>
  ),
  captioned: (outcome, photo, why, keepsFeedback) => (
    <CaptionView
      result={outcome.result}
      photo={photo.file}
      keepsFeedback={keepsFeedback}
      how={how(outcome)}
      why={(candidate) => why(photo, candidate, outcome.result.neighbours)}
    />
  ),
  failed: ({ error }) => (
    <div class="card-words">
      <ErrorNote error={error} />
    </div>
  ),
};

type View = (outcome: Outcome, photo: Photo, why: ExplainPhoto, keepsFeedback: boolean) => JSX.Element;

/** The card of a photo. */
export function PhotoCard({
  photo,
  why,
  keepsFeedback,
  onRemove,
}: {
  readonly photo: Photo;
  readonly why: ExplainPhoto;
  /** Whether the service keeps what people think of captions. */
  readonly keepsFeedback: boolean;
  readonly onRemove: () => void;
}): JSX.Element {
  const [broken, setBroken] = useState(false);
  const { file, url, outcome } = photo;
  const name = file.name || "pasted picture";
  return (
    <li class="card" data-state={outcome.kind}>
      <div class="card-photo">
        {broken ? (
          <div class="card-broken">
            <Icon name="photos" />
            <span>This browser can’t show it</span>
          </div>
        ) : (
          <img
            src={url}
            alt={
              outcome.kind === "captioned" && !outcome.result.abstained ? outcome.result.caption : `Your photo ${name}`
            }
            onError={() => setBroken(true)}
          />
        )}
        <div class="card-file">
          <span class="card-name">{name}</span>
          <button type="button" class="button button-icon" aria-label={`Remove ${name}`} onClick={onRemove}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      <div class="card-body" aria-busy={outcome.kind === "working"}>
        {(views[outcome.kind] as View)(outcome, photo, why, keepsFeedback)}
      </div>
    </li>
  );
}
