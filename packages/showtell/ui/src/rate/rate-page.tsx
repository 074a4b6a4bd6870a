// A rater's page: one picture at a time, what is asked of it, how far they are. What is asked is drawn elsewhere.
import type { JSX, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Answer, RaterPage } from "showtell";
import { ErrorNote } from "../error-note.tsx";
import { Icon } from "../icon.tsx";
import { Comparison } from "./comparison.tsx";
import type { Desk } from "./desk.ts";
import { Ratings } from "./ratings.tsx";
import type { Saving, Way } from "./way.ts";
import { useWay } from "./way.ts";

/** Whose page it is. */
export function Brand(): JSX.Element {
  return (
    <span class="brand">
      <img src="./icon.svg" alt="" width="32" height="32" /> showtell
    </span>
  );
}

/** The page. */
export function RatePage({ desk }: { readonly desk: Desk }): JSX.Element {
  const way = useWay(desk);
  const total = desk.page.tasks.length;
  const heading = useHeadingFocus(way.task);
  useUndoKey(way);
  return (
    <>
      <header class="top">
        <Brand />
        <Progress done={way.task} total={total} saving={way.saving} />
        <button type="button" class="button button-small" disabled={way.task === 0} onClick={way.undo}>
          <Icon name="undo" /> Undo <kbd>U</kbd>
        </button>
      </header>
      <main class="rate">
        {way.saving.kind === "refused" && <ErrorNote error={way.saving.error} />}
        {way.task < total ? (
          <TaskView key={way.task} desk={desk} way={way} heading={heading} />
        ) : (
          <Thanks total={total} heading={heading} />
        )}
      </main>
    </>
  );
}

type Heading = RefObject<HTMLHeadingElement | null>;

/** The heading of what is shown. It gets the focus when a task takes another's place and what had the focus went with that, or nothing had it. */
function useHeadingFocus(task: number): Heading {
  const heading = useRef<HTMLHeadingElement>(null);
  const before = useRef(task);
  useLayoutEffect(() => {
    const isNext = task !== before.current;
    before.current = task;
    // A phone shows the picture above it, which must stay in sight.
    if (isNext && document.activeElement?.matches("body, :disabled")) heading.current!.focus({ preventScroll: true });
  }, [task]);
  return heading;
}

/** U or backspace takes the last answer back. */
function useUndoKey({ undo, task, saving }: Way): void {
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key !== "u" && event.key !== "U" && event.key !== "Backspace") return;
      event.preventDefault();
      undo();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [task, saving]);
}

const savingWords: Readonly<Record<Saving["kind"], string>> = {
  saved: "saved",
  saving: "saving …",
  waiting: "not saved yet: the service can’t be reached, trying again …",
  refused: "not saved",
};

function Progress({
  done,
  total,
  saving,
}: {
  readonly done: number;
  readonly total: number;
  readonly saving: Saving;
}): JSX.Element {
  return (
    <div class="rate-progress">
      <p role="status">
        <b>{`${done} of ${total}`}</b> {done > 0 || saving.kind !== "saved" ? savingWords[saving.kind] : ""}
      </p>
      <progress aria-label="Judged" max={total} value={done} />
    </div>
  );
}

/** What stands above the captions: the only question, or what several are about. */
function instructionOf({ kind, scales }: RaterPage): string {
  if (scales.length === 1) return scales[0]!.question;
  return kind === "side-by-side" ? "Which caption describes the picture better?" : "How good is this caption?";
}

function TaskView({
  desk,
  way,
  heading,
}: {
  readonly desk: Desk;
  readonly way: Way;
  readonly heading: Heading;
}): JSX.Element {
  const { scales, tasks } = desk.page;
  const { captions } = tasks[way.task]!;
  // Nobody judges what they can't see.
  const [seen, setSeen] = useState(false);
  const saving = way.saving.kind === "saving" || way.saving.kind === "waiting";
  const busy = saving || !seen;
  const answer = (given: Answer): void => {
    if (seen) way.answer(given);
  };
  return (
    <div class="task" aria-busy={saving}>
      <TaskPicture desk={desk} task={way.task} onSeen={() => setSeen(true)} />
      <section class="judgment" aria-labelledby="question">
        <h1 id="question" ref={heading} tabIndex={-1}>
          {instructionOf(desk.page)}
        </h1>
        {scales.length === 0 ? (
          <Comparison captions={captions} busy={busy} onAnswer={answer} />
        ) : (
          <Ratings caption={captions[0]!} scales={scales} busy={busy} onAnswer={answer} />
        )}
      </section>
    </div>
  );
}

function TaskPicture({
  desk,
  task,
  onSeen,
}: {
  readonly desk: Desk;
  readonly task: number;
  readonly onSeen: () => void;
}): JSX.Element {
  const [url, setUrl] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    setFailed(false);
    desk.picture(task).then(setUrl, () => setFailed(true));
  }, [attempt]);
  const onError = (): void => {
    desk.free(task);
    setUrl(undefined);
    setFailed(true);
  };
  return (
    <div class="task-picture">
      {url !== undefined && <img src={url} alt="The picture to judge captions of" onLoad={onSeen} onError={onError} />}
      {failed && (
        <button type="button" class="button" onClick={() => setAttempt(attempt + 1)}>
          <Icon name="again" /> The picture did not come: try again
        </button>
      )}
    </div>
  );
}

function Thanks({ total, heading }: { readonly total: number; readonly heading: Heading }): JSX.Element {
  return (
    <section class="thanks">
      <Icon name="check" />
      <h1 ref={heading} tabIndex={-1}>
        All {total} are judged. Thank you!
      </h1>
      <p>Every answer is kept. You can close this page, or take the last answer back by Undo.</p>
    </section>
  );
}
