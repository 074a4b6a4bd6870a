// An error, shown in words: what is wrong, and what to do.
import type { JSX } from "preact";
import { Icon } from "./icon.tsx";
import type { Said } from "./sources.ts";

/** A note that screen readers announce. */
export function ErrorNote({ error }: { readonly error: Said }): JSX.Element {
  const { code, message } = error;
  return (
    <div class="note note-error" role="alert">
      <Icon name="alert" />
      <p>
        {message.charAt(0).toUpperCase() + message.slice(1)}
        <span class="code">{code}</span>
      </p>
    </div>
  );
}
