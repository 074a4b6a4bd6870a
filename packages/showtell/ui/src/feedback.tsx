// What somebody thinks of a caption: a thumb, or what they wrote instead, kept by the service until it is taken back; the photo only if they
// say so. "Saved" is said once the service has answered.
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Said } from "./sources.ts";
import { answered, saidBy } from "./sources.ts";
import { Icon } from "./icon.tsx";

type Thumb = "up" | "down";

/** What is thought of one caption. */
interface Opinion {
  /** Under which the service keeps it: what is sent later takes its place. */
  readonly key: string;
  readonly thumb?: Thumb;
  readonly edited?: string | undefined;
}

type State =
  | { readonly kind: "nothing" }
  | { readonly kind: "saving" }
  | { readonly kind: "saved"; readonly picture: boolean }
  | { readonly kind: "taken back" }
  | { readonly kind: "failed"; readonly error: Said };

/** 32 random hex digits; `crypto.randomUUID` is missing where the page comes over plain HTTP. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether nothing is left of an opinion. */
function isTakenBack({ thumb, edited }: Opinion): boolean {
  return thumb === undefined && edited === undefined;
}

/**
 * Sends an opinion; resolves to what became of it. The service forgets none: in the place of one that was taken back it keeps the model's own
 * sentence, without the photo, and without that nothing is learned from it.
 */
async function save(caption: string, opinion: Opinion, consented: File | undefined): Promise<State> {
  const takenBack = isTakenBack(opinion);
  const { key, thumb, edited } = takenBack ? { ...opinion, edited: caption || "(no words)" } : opinion;
  const photo = takenBack ? undefined : consented;
  const form = new FormData();
  const fields = { key, caption, thumb, edited, ...(photo && { consent: "true" }) };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  if (photo) form.append("image", photo);
  const { picture } = await answered<{ readonly picture: boolean }>("v1/feedback", { method: "POST", body: form });
  return takenBack ? { kind: "taken back" } : { kind: "saved", picture };
}

const labels: { readonly [Name in Thumb]: string } = { up: "Good caption", down: "Bad caption" };

/** The thumbs, the consent, and what became of what was sent. */
export function FeedbackRow({
  photo,
  caption,
  edited,
}: {
  readonly photo: File;
  /** What the model said. */
  readonly caption: string;
  /** What somebody wrote instead; it is saved as soon as it comes, and taken back as soon as it goes. */
  readonly edited: string | undefined;
}): JSX.Element {
  const [opinions, setOpinions] = useState<Readonly<Record<string, Opinion>>>({});
  const [consents, setConsents] = useState(false);
  const [state, setState] = useState<State>({ kind: "nothing" });
  // One after the other, so that the last that was said is what is kept.
  const sending = useRef(Promise.resolve());
  const opinion = opinions[caption];

  const send = (given: readonly (readonly [about: string, opinion: Opinion])[], withPhoto: boolean): void => {
    if (given.length === 0) return;
    setState({ kind: "saving" });
    sending.current = sending.current
      .then(async () => {
        let became: State = { kind: "saving" };
        for (const [about, one] of given) became = await save(about, one, withPhoto ? photo : undefined);
        setState(became);
      })
      .catch((thrown: unknown) => setState({ kind: "failed", error: saidBy(thrown) }));
  };
  const give = (said: Partial<Opinion>, about = caption): void => {
    const now = { key: newKey(), ...opinions[about], ...said };
    setOpinions((before) => ({ ...before, [about]: now }));
    send([[about, now]], consents);
  };
  // Before the next click can come, which would send the edit as it was.
  useLayoutEffect(() => {
    const others = Object.entries(opinions).filter(([about]) => about !== caption);
    for (const [about, other] of others) if (other.edited !== undefined) give({ edited: undefined }, about);
    if (edited !== opinion?.edited) give({ edited });
  }, [caption, edited]);

  return (
    <div class="feedback">
      <div class="row">
        {(Object.keys(labels) as Thumb[]).map((thumb) => (
          <button
            key={thumb}
            type="button"
            class="button button-icon"
            aria-label={labels[thumb]}
            aria-pressed={opinion?.thumb === thumb}
            onClick={() => give({ thumb })}
          >
            <Icon name={thumb} />
          </button>
        ))}
        <label class="choice">
          <input
            type="checkbox"
            checked={consents}
            onChange={({ currentTarget: { checked } }) => {
              setConsents(checked);
              // Each keeps the photo, that of a candidate which is not shown now, too.
              const kept = Object.entries(opinions).filter(([, one]) => !isTakenBack(one));
              send(kept, checked);
            }}
          />
          keep my photo with it, for training
        </label>
      </div>
      <p class="hint" role="status">
        {state.kind === "saving" && "Saving…"}
        {state.kind === "saved" && (state.picture ? "Saved, with the photo." : "Saved, without the photo.")}
        {state.kind === "taken back" && "Taken back: your words and the photo with them are no longer kept."}
      </p>
      {state.kind === "failed" && <p class="hint" role="alert">{`Not saved: ${state.error.message}`}</p>}
    </div>
  );
}
