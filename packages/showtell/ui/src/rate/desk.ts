// What a rater's page asks of the service: the tasks, their pictures, and that answers be kept. Draws nothing.
import type { Answer, ErrorCode, RaterPage } from "showtell";
import { ShowtellError } from "showtell";
import { jsonOf } from "../sources.ts";

/** A rater's work. */
export interface Desk {
  readonly page: RaterPage;
  /** The address of a task's picture, fetched once; a failure is tried again at the next call. */
  picture(task: number): Promise<string>;
  /** Frees a task's picture, which is fetched again when it is wanted: one that can't be shown, say. */
  free(task: number): void;
  /** Frees the pictures of the tasks before one; who goes back to them fetches them again. */
  freeBefore(task: number): void;
  /**
   * Keeps an answer, or takes it back if there is none: resolves once it is on the service's disk. Tries again as long as the service can't be
   * reached, since the same answer twice is one; @throws what the service refuses.
   * @param onTrouble Told before each new attempt.
   */
  save(task: number, answer: Answer | null, ms: number, onTrouble: () => void): Promise<void>;
}

/** Milliseconds before the first new attempt; each waits twice as long as the one before, up to the longest. */
const firstWaitMs = 500;
const longestWaitMs = 8000;

/** Opens the work of a link's token. @throws ShowtellError what the service refuses. */
export async function openDesk(token: string): Promise<Desk> {
  if (token === "") {
    throw new ShowtellError("UNAUTHORISED", "the link is cut off: open all of it, with the part behind the #");
  }
  const headers = { Authorization: `Bearer ${token}` };
  const ask = async (
    path: string,
    {
      headers: more,
      ...init
    }: Omit<RequestInit, "headers"> & { readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Response> => {
    const response = await fetch(`v1/studies/${path}`, { ...init, headers: { ...headers, ...more } });
    if (response.ok) return response;
    const { error } = (await jsonOf(response)) as { error?: { code: ErrorCode; message: string } };
    if (error === undefined) throw new Error(`The service answered ${response.status} without a reason.`);
    // What goes away by itself is tried again; what is refused is not.
    if (response.status >= 500 || response.status === 429) throw new Error(error.message);
    throw new ShowtellError(error.code, error.message);
  };
  const page = (await jsonOf(await ask("session"))) as RaterPage;
  const pictures = new Map<number, Promise<string>>();
  const free = (task: number): void => {
    const picture = pictures.get(task);
    pictures.delete(task);
    picture?.then((url) => URL.revokeObjectURL(url)).catch(() => undefined);
  };
  return {
    page,
    free,
    picture(task) {
      const known = pictures.get(task);
      if (known !== undefined) return known;
      const fetched = ask(`picture?task=${task}`)
        .then((response) => response.blob())
        .then((blob) => URL.createObjectURL(blob));
      pictures.set(task, fetched);
      fetched.catch(() => pictures.get(task) === fetched && pictures.delete(task));
      return fetched;
    },
    freeBefore(task) {
      for (const done of pictures.keys()) if (done < task) free(done);
    },
    async save(task, answer, ms, onTrouble) {
      const body = JSON.stringify({ task, answer, ms });
      const init = { method: "POST", body, headers: { "Content-Type": "application/json" } };
      for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, 2 * waitMs)) {
        try {
          // What is no answer of the service's does not say that anything is kept.
          await jsonOf(await ask("answers", init));
          return;
        } catch (error) {
          if (error instanceof ShowtellError) throw error;
          onTrouble();
          await new Promise((resolve) => setTimeout(resolve, waitMs));
        }
      }
    },
  };
}
