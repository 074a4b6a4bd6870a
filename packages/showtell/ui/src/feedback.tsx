// What somebody thinks of a caption: a thumb, or what they wrote instead, kept by the service; the photo only if they say so. "Saved" is said
// once the service has answered.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Said } from "./sources.ts";
import { answered, saidBy } from "./sources.ts";
import { Icon } from "./icon.tsx";

type Thumb = "up" | "down";

/** What is thought of one caption. */
interface Opinion {
  /** Under which the service keeps it: what is sent later takes its place. */
  readonly key: string;
  readonly thumb?: Thumb;
  readonly edited?: string;
}

type State =
  | { readonly kind: "nothing" }
  | { readonly kind: "saving" }
  | { readonly kind: "saved"; readonly picture: boolean }
  | { readonly kind: "failed"; readonly error: Said };

/** 32 random hex digits; `crypto.randomUUID` is missing where the page comes over plain HTTP. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends an opinion; resolves once it is kept. */
async function save(caption: string, { key, thumb, edited }: Opinion, photo: File | undefined): Promise<boolean> {
  const form = new FormData();
  const fields = { key, caption, thumb, edited, ...(photo && { consent: "true" }) };
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  if (photo) form.append("image", photo);
  const { picture } = await answered<{ readonly picture: boolean }>("v1/feedback", { method: "POST", body: form });
  return picture;
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
  /** What somebody wrote instead; it is saved as soon as it comes. */
  readonly edited: string | undefined;
}): JSX.Element {
  const [opinions, setOpinions] = useState<Readonly<Record<string, Opinion>>>({});
  const [consents, setConsents] = useState(false);
  const [state, setState] = useState<State>({ kind: "nothing" });
  // One after the other, so that the last that was said is what is kept.
  const sending = useRef(Promise.resolve());
  const opinion = opinions[caption];

  const give = (said: Partial<Opinion>, withPhoto = consents): void => {
    const now = { key: newKey(), ...opinion, ...said };
    setOpinions({ ...opinions, [caption]: now });
    setState({ kind: "saving" });
    sending.current = sending.current
      .then(async () => setState({ kind: "saved", picture: await save(caption, now, withPhoto ? photo : undefined) }))
      .catch((thrown: unknown) => setState({ kind: "failed", error: saidBy(thrown) }));
  };
  useEffect(() => {
    if (edited !== undefined) give({ edited });
  }, [edited]);

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
              if (opinion !== undefined) give({}, checked);
            }}
          />
          keep my photo with it, for training
        </label>
      </div>
      <p class="hint" role="status">
        {state.kind === "saving" && "Saving…"}
        {state.kind === "saved" && (state.picture ? "Saved, with the photo." : "Saved, without the photo.")}
      </p>
      {state.kind === "failed" && <p class="hint" role="alert">{`Not saved: ${state.error.message}`}</p>}
    </div>
  );
}
