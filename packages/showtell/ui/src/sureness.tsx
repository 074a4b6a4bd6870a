// How sure the model is of its caption, in plain words; and its silence where it is not sure enough.
import type { JSX } from "preact";
import { useContext } from "preact/hooks";
import { Icon } from "./icon.tsx";
import type { PlaceCalibration } from "./place.ts";
import { PlaceContext } from "./place.ts";

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

/** Of a hundred, how many. */
const ofHundred = (share: number): string => `${(100 * share).toFixed(0)} in 100`;

/** The probability that the caption is good, beside how often the model's captions are. */
export function Sureness({ confidence }: { readonly confidence: number }): JSX.Element | null {
  const { calibration } = useContext(PlaceContext);
  if (calibration === undefined) return null;
  return (
    <div class="sureness">
      <p>
        <strong>{`${percent(confidence)} sure`}</strong> that this caption is good.
      </p>
      <span class="candidate-bar" aria-hidden="true">
        <span style={{ width: `${100 * confidence}%` }} />
        <span class="sureness-usual" style={{ left: `${100 * calibration.share}%` }} />
      </span>
    </div>
  );
}

/** What good means, and what the mark is. */
export function surenessMeaning(
  confidence: number,
  { metric, threshold, share, data: { pictures, split, name } }: PlaceCalibration,
): string {
  return (
    `Of captions that it is as sure of, about ${ofHundred(confidence)} score above ${threshold} in ${metric}, which compares them with ` +
    `what people write. Of all its captions, ${ofHundred(share)} do (the mark; measured on ${pictures.toLocaleString("en")} photos of ` +
    `${split} of ${name}).`
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
