// Why these words: for each, where the model looked, what it needed by the check of hiding parts, and how well the two agree.
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Candidate } from "showtell/web";
import { captionAgreement } from "showtell";
import type { CaptionAgreement, Occlusion } from "showtell";
import type { DeviceState } from "./device.ts";
import { HeatMap } from "./heat-map.tsx";
import { HidingNote, useHiding } from "./hiding.tsx";
import { WordSteps } from "./word-steps.tsx";
import { agreementWords, leastFactor, lookedWords, neededWords, sideOf, trustWords } from "./why-words.ts";

/** Parts on a side where there is no attention to be compared with, or it is too fine to hide each of its places. */
const usualSide = 7;
const finestSide = 10;

/** The side of the check: that of attention, so that both can be compared. */
function hiddenSide(attention: Candidate["attention"]): number {
  const side = attention === undefined ? usualSide : sideOf(attention[0]!);
  return side > finestSide ? usualSide : side;
}

/** How well the maps of a caption agree, where they can be compared. */
function agreementOf({ tokens, attention }: Candidate, occlusion: Occlusion | undefined): CaptionAgreement | undefined {
  if (occlusion === undefined || attention?.[0]?.length !== occlusion.side ** 2) return undefined;
  return captionAgreement(tokens, attention, occlusion.drops);
}

/** Where a figure from −1 to 1 stands on the scale. */
const place = (at: number): string => `${50 * (at + 1)}%`;
const signed = (value: number): string => value.toFixed(2).replace("-", "−");

/** The figure: a scale from −1 to 1 with this word and the whole sentence on it. */
function Agreement({
  word,
  value,
  mean,
}: {
  readonly word: string;
  readonly value: number | undefined;
  readonly mean: number | undefined;
}): JSX.Element {
  return (
    <div class="agreement">
      <h4>Do the two agree?</h4>
      <div class="agreement-scale" aria-hidden="true">
        {mean !== undefined && <span class="agreement-mean" style={{ left: place(mean) }} />}
        {value !== undefined && <span class="agreement-word" style={{ left: place(value) }} />}
      </div>
      <div class="agreement-ends" aria-hidden="true">
        <span>−1, contrary</span>
        <span>0, unrelated</span>
        <span>1, alike</span>
      </div>
      <p role="status">
        {agreementWords(word, value)}
        {value !== undefined && ` (${signed(value)}).`}
        {mean !== undefined && ` Over the whole caption it is ${signed(mean)}. ${trustWords(mean)}`}
      </p>
      <p class="hint">
        Attention says where the model looked, not what it used: so it is held against hiding. The figure is the rank
        correlation of the two maps; the dot is this word, the line the caption’s mean.
      </p>
    </div>
  );
}

/** The view. */
export function Why({
  device,
  photo,
  url,
  candidate,
}: {
  /** Undefined where the model can't be had on the device. */
  readonly device: DeviceState | undefined;
  readonly photo: File;
  readonly url: string;
  readonly candidate: Candidate;
}): JSX.Element {
  const { tokens, attention } = candidate;
  const hiding = useHiding(device?.kind === "ready" ? device.device : undefined, photo, tokens, hiddenSide(attention));
  const [token, setToken] = useState<number>();
  const occlusion = hiding.kind === "found" ? hiding.occlusion : undefined;
  const agreement = useMemo(() => agreementOf(candidate, occlusion), [candidate, occlusion]);
  // Another candidate may be shorter. At first it is no article that is chosen, for these say little.
  const chosen = Math.min(
    token ??
      Math.max(
        0,
        tokens.findIndex(({ length }) => length > 2),
      ),
    tokens.length - 1,
  );
  const [word, looked, drops] = [tokens[chosen]!, attention?.[chosen], occlusion?.drops[chosen]];
  return (
    <section class="why" aria-label="Why these words">
      <WordSteps words={tokens} chosen={chosen} onChoose={setToken} />
      <p class="hint">Click a word, or step through them with the arrow keys.</p>
      <div class="maps">
        {looked !== undefined && (
          <div class="map">
            <HeatMap
              title="Where it looked (attention)"
              url={url}
              values={looked}
              most={Math.max(...looked, 2 / looked.length)}
              ends={["passed over", "looked at"]}
            />
            <p role="status">{lookedWords(word, looked)}</p>
          </div>
        )}
        <div class="map">
          {drops === undefined ? (
            <HidingNote state={hiding as Exclude<typeof hiding, { kind: "found" }>} device={device} />
          ) : (
            <>
              <HeatMap
                title="What it needed (hiding parts)"
                url={url}
                values={drops}
                most={Math.max(...drops, Math.log(leastFactor))}
                ends={["no matter", "needed"]}
              />
              <p role="status">{neededWords(word, drops)}</p>
            </>
          )}
        </div>
      </div>
      {agreement && <Agreement word={word} value={agreement.tokens[chosen]} mean={agreement.mean} />}
      {attention === undefined && (
        <p class="hint">This model does not look at places one by one: it has no attention to show.</p>
      )}
    </section>
  );
}
