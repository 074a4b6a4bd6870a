// The token of a service that asks for one (`serve --token`): asked of whoever uses the page, and kept as long as the tab is open.
import { render } from "preact";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

const storeKey = "showtell token";
let asking: Promise<boolean> | undefined;
let declined = false;

/** The headers that a request to the service needs. */
export function authorisation(): Readonly<Record<string, string>> {
  const token = sessionStorage.getItem(storeKey);
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

/**
 * Whether to ask the service again that has refused a request with these headers: another token is there by now, or is given when asked for.
 * Requests that are refused meanwhile wait for the same dialog; one that was declined is opened again only for what somebody does.
 */
export async function isGivenToken(refused: HeadersInit, isAction: boolean): Promise<boolean> {
  if (JSON.stringify(refused) !== JSON.stringify(authorisation())) return true;
  if (declined && !isAction && asking === undefined) return false;
  asking ??= askForToken();
  const given = await asking;
  asking = undefined;
  declined = !given;
  return given;
}

async function askForToken(): Promise<boolean> {
  const place = document.body.appendChild(document.createElement("div"));
  const token = await new Promise<string>((resolve) => render(<TokenDialog onClose={resolve} />, place));
  render(null, place);
  place.remove();
  if (token !== "") sessionStorage.setItem(storeKey, token);
  return token !== "";
}

function TokenDialog({ onClose }: { readonly onClose: (token: string) => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog
      ref={dialog}
      class="token"
      aria-labelledby="token-words"
      onClose={() => onClose(dialog.current!.returnValue)}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (input.current!.reportValidity()) dialog.current!.close(input.current!.value.trim());
        }}
      >
        <p id="token-words">This service asks for its token. It is kept until this tab is closed.</p>
        <div class="field">
          <label for="token">Token</label>
          <input
            id="token"
            ref={input}
            type="password"
            autoComplete="off"
            pattern="\s*[!-~]*\s*"
            title="letters, digits and signs of ASCII, without blanks between"
          />
        </div>
        <div class="row">
          <button type="submit" class="button button-primary">
            Use it
          </button>
          <button type="button" class="button" onClick={() => dialog.current!.close("")}>
            Not now
          </button>
        </div>
      </form>
    </dialog>
  );
}
