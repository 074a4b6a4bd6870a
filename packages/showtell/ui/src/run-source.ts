// Training runs as the service tells of them, asked for again and again while the view is open. Knows nothing of how they look.
import { useEffect, useState } from "preact/hooks";
import type { Said } from "./sources.ts";
import { answered, saidBy } from "./sources.ts";

/** What was asked for: the newest answer, and what went wrong since. */
export interface Asked<T> {
  readonly value: T | undefined;
  readonly error: Said | undefined;
}

/** Between two questions. An epoch of a small model takes seconds, of a large one minutes. */
const everyMs = 2000;

/** Asks the service for an address, and again while the page is in sight; undefined asks for nothing. */
export function useAsked<T>(address: string | undefined): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ value: undefined, error: undefined });
  useEffect(() => {
    setAsked({ value: undefined, error: undefined });
    if (address === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (isAction: boolean): Promise<void> => {
      if (!document.hidden) {
        await answered<T>(address, { signal }, isAction).then(
          (value) => signal.aborted || setAsked({ value, error: undefined }),
          (thrown: unknown) => signal.aborted || setAsked(({ value }) => ({ value, error: saidBy(thrown) })),
        );
      }
      if (!signal.aborted) timer = setTimeout(() => void ask(false), everyMs);
    };
    void ask(true);
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [address]);
  return asked;
}
