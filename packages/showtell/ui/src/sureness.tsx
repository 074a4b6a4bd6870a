// How sure the model is of its caption, in plain words; and its silence where it is not sure enough.
import type { JSX } from "preact";
import { useContext } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { PlaceContext } from "./place.ts";

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Of a hundred, how many. */
const ofHundred = (share: number): string => `${(100 * share).toFixed(0)} in 100`;

/** The probability that the caption is good, and what good means. */
export function Sureness({ confidence }: { readonly confidence: number }): JSX.Element | null {
  const { calibration } = useContext(PlaceContext);
  if (calibration === undefined) return null;
  const { metric, threshold, share, data } = calibration;
  return (
    <div class="sureness">
      <p>
        <strong>{`${percent(confidence)} sure`}</strong> that this caption is good.
      </p>
      <span class="candidate-bar" aria-hidden="true">
        <span style={{ width: `${100 * confidence}%` }} />
        <span class="sureness-usual" style={{ left: `${100 * share}%` }} />
      </span>
      <p class="hint">
        {`Of captions that it is as sure of, about ${ofHundred(confidence)} score above ${threshold} in ${metric}, which compares them with what
        people write. Of all its captions, ${ofHundred(share)} do (the mark; measured on ${data.pictures.toLocaleString("en")} photos
        of ${data.split} of ${data.name}).`}
      </p>
    </div>
  );
}

/** What stands in the place of a caption that the model abstained from. */
export function Silence({
  confidence,
  onShow,
}: {
  readonly confidence: number;
  readonly onShow: () => void;
}): JSX.Element {
  return (
    <div class="note silence" role="status">
      <Icon name="alert" />
      <p>
        {`It would rather say nothing: it is only ${percent(confidence)} sure of its best caption, less than you asked for.`}
      </p>
      <button type="button" class="button button-small" onClick={onShow}>
        Show it anyway
      </button>
    </div>
  );
}
