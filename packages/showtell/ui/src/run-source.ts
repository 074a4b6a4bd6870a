// Training runs as the service tells of them, asked for again and again while the view is open. Knows nothing of how they look.
import { useEffect, useState } from "preact/hooks";
import type { Said } from "./sources.ts";
import { saidBy } from "./sources.ts";

/** What was asked for: the newest answer, and what went wrong since. */
export interface Asked<T> {
  readonly value: T | undefined;
  readonly error: Said | undefined;
}

/** Between two questions. An epoch of a small model takes seconds, of a large one minutes. */
const everyMs = 2000;

async function answerOf<T>(address: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(address, { signal }).catch((cause: unknown) => {
    throw new Error("The service can't be reached. Is it still running, and this device online?", { cause });
  });
  const answer = (await response.json()) as T & { readonly error?: Said };
  if (response.ok) return answer;
  throw new Error(answer.error?.message ?? `the service answered ${response.status}`);
}

/** Asks the service for an address, and again while the page is in sight; undefined asks for nothing. */
export function useAsked<T>(address: string | undefined): Asked<T> {
  const [asked, setAsked] = useState<Asked<T>>({ value: undefined, error: undefined });
  useEffect(() => {
    setAsked({ value: undefined, error: undefined });
    if (address === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      if (!document.hidden) {
        await answerOf<T>(address, signal).then(
          (value) => signal.aborted || setAsked({ value, error: undefined }),
          (thrown: unknown) => signal.aborted || setAsked(({ value }) => ({ value, error: saidBy(thrown) })),
        );
      }
      if (!signal.aborted) timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [address]);
  return asked;
}
