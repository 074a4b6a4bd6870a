// A photo's caption: large, to be edited in place, with the other candidates and their probabilities.
import type { JSX } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Candidate, CaptionResult } from "showtell/web";
import { CopyRow } from "./copy-row.tsx";
import { FeedbackRow } from "./feedback.tsx";
import { Icon } from "./icon.tsx";
import { PlaceContext } from "./place.ts";
import { inTwoDigitsOrPower } from "./numbers.ts";
import { Silence, Sureness, surenessMeaning } from "./sureness.tsx";

/** A probability for people: "1 in 71,000". Whole sentences have small ones, since there are so many sentences. */
function oneIn(logProbability: number): string {
  return `1 in ${inTwoDigitsOrPower(-logProbability)}`;
}

/** The probability of a word on average: the geometric mean over a caption's words and its end. */
function wordProbability({ logProbability, tokenLogProbabilities }: Candidate): number {
  return Math.exp(logProbability / Math.max(1, tokenLogProbabilities.length));
}

function Candidates({
  result,
  chosen,
  onChoose,
}: {
  readonly result: CaptionResult;
  /** Undefined where something else is shown. */
  readonly chosen: Candidate | undefined;
  readonly onChoose: (candidate: Candidate) => void;
}): JSX.Element {
  const { candidates } = result;
  return (
    <div class="candidates">
      <h3>{candidates.length > 1 ? "What it could be, and how sure the model is" : "How sure the model is"}</h3>
      <ol>
        {candidates.map((candidate, place) => (
          <li key={place}>
            <button type="button" aria-pressed={candidate === chosen} onClick={() => onChoose(candidate)}>
              <span class="candidate-words">{candidate.caption}</span>
              <span class="candidate-number">
                {`${(100 * wordProbability(candidate)).toFixed(0)} %`}
                <span class="visually-hidden"> a word, </span>
                <small>{oneIn(candidate.logProbability)}</small>
              </span>
              <span class="candidate-bar" aria-hidden="true">
                <span style={{ width: `${100 * wordProbability(candidate)}%` }} />
              </span>
            </button>
          </li>
        ))}
      </ol>
    </div>
  );
}

/** What the figures of a caption mean, for those who ask. */
function Meaning({ confidence }: { readonly confidence: number | undefined }): JSX.Element {
  const { calibration } = useContext(PlaceContext);
  return (
    <details class="meaning">
      <summary>What do these numbers mean?</summary>
      {confidence !== undefined && calibration && <p>{surenessMeaning(confidence, calibration)}</p>}
      <p>
        Beside each sentence stands the probability of a word, on average, and below it that of the whole sentence, word
        for word. The order weighs both with the length.
      </p>
    </details>
  );
}

function Editor({
  text,
  onDone,
}: {
  readonly text: string;
  readonly onDone: (text: string | undefined) => void;
}): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  // Not once it is painted: a key that comes before that, from a quick typist, would be lost.
  useLayoutEffect(() => area.current!.focus(), []);
  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        onDone(area.current!.value.trim() || undefined);
      }}
    >
      <textarea
        ref={area}
        aria-label="Caption"
        rows={3}
        defaultValue={text}
        onKeyDown={(event) => {
          // The key is one of an input method, which puts characters together: it ends these, not the edit.
          if (event.isComposing) return;
          if (event.key === "Escape") onDone(undefined);
          if (event.key !== "Enter" || event.shiftKey) return;
          // Else the key would go on to the button that has the focus once the editor is closed, and open it again.
          event.preventDefault();
          event.currentTarget.form!.requestSubmit();
        }}
      />
      <div class="row">
        <button type="submit" class="button button-small button-primary">
          <Icon name="check" /> Keep
        </button>
        <button type="button" class="button button-small" onClick={() => onDone(undefined)}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** The caption and all that can be done with it. */
export function CaptionView({
  result,
  photo,
  how,
  why,
  keepsFeedback,
}: {
  readonly result: CaptionResult;
  readonly photo: File;
  /** Whether the service keeps what people think of captions. */
  readonly keepsFeedback: boolean;
  /** Draws the explanation of a candidate. */
  readonly why: (candidate: Candidate) => JSX.Element;
  /** Where and in what time it was captioned. */
  readonly how: string;
}): JSX.Element {
  const best = result.candidates[0] ?? result;
  const [chosen, setChosen] = useState(best);
  const [edited, setEdited] = useState<string>();
  const [editing, setEditing] = useState(false);
  const [explained, setExplained] = useState(false);
  const [shownAnyway, setShownAnyway] = useState(false);
  const editButton = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useLayoutEffect(() => {
    // Who edited with the keyboard goes on from where they began.
    if (wasEditing.current && !editing) editButton.current?.focus();
    wasEditing.current = editing;
  }, [editing]);
  const choose = (candidate: Candidate): void => {
    setChosen(candidate);
    setEdited(undefined);
  };
  useEffect(() => {
    choose(best);
    setExplained(false);
    setShownAnyway(false);
  }, [result]);
  const { abstained, confidence } = result;
  if (abstained && !shownAnyway) {
    return (
      <div class="card-words">
        <Silence confidence={confidence!} onShow={() => setShownAnyway(true)} />
        <p class="how">{how}</p>
      </div>
    );
  }
  const text = edited ?? chosen.caption;
  const shown = edited === undefined ? chosen : undefined;
  // How sure the model is was learnt of its best captions.
  const sureness = shown === best ? confidence : undefined;
  const hasWords = chosen.tokens.length > 0;
  return (
    <>
      <div class="card-words">
        {editing ? (
          <Editor
            key={chosen.caption}
            text={text}
            onDone={(words) => {
              setEditing(false);
              if (words !== undefined) setEdited(words === chosen.caption ? undefined : words);
            }}
          />
        ) : (
          <div class="caption-row">
            <h2 class="caption">{text}</h2>
            <button
              ref={editButton}
              type="button"
              class="button button-icon"
              aria-label="Edit the caption"
              onClick={() => setEditing(true)}
            >
              <Icon name="edit" />
            </button>
          </div>
        )}
        <p class="how">{how}</p>
        {hasWords && (
          <div>
            <button
              type="button"
              class="button button-small"
              aria-expanded={explained}
              onClick={() => setExplained(!explained)}
            >
              <Icon name="eye" /> Why these words?
            </button>
          </div>
        )}
        {sureness !== undefined && <Sureness confidence={sureness} />}
        <Candidates result={result} chosen={shown} onChoose={choose} />
        <Meaning confidence={sureness} />
        {keepsFeedback && <FeedbackRow photo={photo} caption={chosen.caption} edited={edited} />}
        <CopyRow caption={text} file={photo.name} />
      </div>
      {/* An edited caption may have words that the model does not know: what is explained is the candidate that it was. */}
      {explained && hasWords && <div class="card-why">{why(chosen)}</div>}
    </>
  );
}
