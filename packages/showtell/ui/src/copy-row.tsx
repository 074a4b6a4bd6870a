// A caption on its way elsewhere: as alternative text, HTML or Markdown; empty for decorative pictures.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { altText, htmlImage, longestAltText, markdownImage } from "showtell";
import { Icon } from "./icon.tsx";

/** The forms, one line each. */
const forms = {
  "Alt text": (_file: string, alt: string) => alt,
  HTML: htmlImage,
  Markdown: markdownImage,
} as const;
type Form = keyof typeof forms;

/** The buttons, what they copy, and the choice that the picture is decorative. */
export function CopyRow({ caption, file }: { readonly caption: string; readonly file: string }): JSX.Element {
  const [decorative, setDecorative] = useState(false);
  const [said, setSaid] = useState<{ readonly form: Form; readonly done: boolean }>();
  // Of the newest copy only: what an earlier one said is gone by then.
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), 4000);
    return () => clearTimeout(timer);
  }, [said]);
  const alt = altText(caption, { decorative });
  const copy = async (form: Form): Promise<void> => {
    try {
      await navigator.clipboard.writeText(forms[form](file, alt));
      setSaid({ form, done: true });
    } catch {
      setSaid({ form, done: false });
    }
  };
  return (
    <div class="copy">
      <div class="row">
        <span class="visually-hidden">Copy as</span>
        {(Object.keys(forms) as Form[]).map((form) => (
          <button key={form} type="button" class="button button-small" onClick={() => void copy(form)}>
            <Icon name={said?.form === form && said.done ? "check" : "copy"} /> {form}
          </button>
        ))}
        <label class="choice">
          <input
            type="checkbox"
            checked={decorative}
            onChange={({ currentTarget }) => setDecorative(currentTarget.checked)}
          />
          decorative
        </label>
      </div>
      <p class="alt-preview">
        {alt === "" ? (
          <em>empty: screen readers pass over the picture</em>
        ) : (
          <>
            <span>{alt}</span> <span class="count">{`${alt.length} of ${longestAltText} characters`}</span>
          </>
        )}
      </p>
      <p class="visually-hidden" role="status">
        {said === undefined ? "" : said.done ? `Copied as ${said.form}` : ""}
      </p>
      {said?.done === false && (
        <p class="hint" role="alert">
          This browser does not let the page copy here: select the text above and copy it by hand.
        </p>
      )}
    </div>
  );
}
