// Where a rater is, as state: one answer at a time is on its way, and the next task comes once it is on disk. Draws nothing.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Answer } from "showtell";
import type { Said } from "../sources.ts";
import { saidBy } from "../sources.ts";
import type { Desk } from "./desk.ts";

/** What becomes of the last answer. */
export type Saving =
  | { readonly kind: "saved" }
  | { readonly kind: "saving" }
  /** The service can't be reached; it is tried again. */
  | { readonly kind: "waiting" }
  | { readonly kind: "refused"; readonly error: Said };

/** A rater's way through the tasks. */
export interface Way {
  /** The first task without an answer; as many as there are once all have one. */
  readonly task: number;
  readonly saving: Saving;
  /** Keeps the answer to the current task and goes on. Does nothing while another is on its way. */
  readonly answer: (answer: Answer) => void;
  /** Takes the last answer back and goes to its task. Does nothing at the first, or while an answer is on its way. */
  readonly undo: () => void;
}

/** The way, from where the rater left. */
export function useWay(desk: Desk): Way {
  const { tasks } = desk.page;
  const [task, setTask] = useState(() => {
    const open = tasks.findIndex((one) => one.answer === undefined);
    return open < 0 ? tasks.length : open;
  });
  const [saving, setSaving] = useState<Saving>({ kind: "saved" });
  // State alone is not enough: two clicks may come before it is drawn again.
  const busy = useRef(false);
  const seenAt = useRef(performance.now());
  useEffect(() => {
    seenAt.current = performance.now();
    desk.freeBefore(task);
    // The next pictures are there when they are wanted.
    for (const next of [task + 1, task + 2]) if (next < tasks.length) desk.picture(next).catch(() => undefined);
  }, [task]);

  const send = async (about: number, answer: Answer | null, next: number): Promise<void> => {
    if (busy.current) return;
    busy.current = true;
    setSaving({ kind: "saving" });
    try {
      const ms = Math.round(performance.now() - seenAt.current);
      await desk.save(about, answer, ms, () => setSaving({ kind: "waiting" }));
      setTask(next);
      setSaving({ kind: "saved" });
    } catch (error) {
      setSaving({ kind: "refused", error: saidBy(error) });
    } finally {
      busy.current = false;
    }
  };
  return {
    task,
    saving,
    answer: (answer) => void send(task, answer, task + 1),
    undo: () => void (task > 0 && send(task - 1, null, task - 1)),
  };
}
