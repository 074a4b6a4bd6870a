// Two captions side by side, and which is better: by a click on it, or by the keys 1, 2 and 3 (or the arrows to left and right).
import type { JSX } from "preact";
import { useLayoutEffect } from "preact/hooks";
import type { Answer, Choice } from "showtell";

// Not the arrow down, by which a small page is scrolled.
const keys: Readonly<Record<string, Choice>> = {
  "1": "left",
  ArrowLeft: "left",
  "2": "right",
  ArrowRight: "right",
  "3": "tie",
};

/** The captions, and a button for neither. */
export function Comparison({
  captions,
  busy,
  onAnswer,
}: {
  readonly captions: readonly string[];
  readonly busy: boolean;
  readonly onAnswer: (answer: Answer) => void;
}): JSX.Element {
  // Before the next frame is drawn: a key that comes with it would be lost.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const choice = keys[event.key];
      if (choice === undefined || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      onAnswer({ kind: "choice", choice });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [onAnswer]);
  // The second click of a double click must not judge the next picture.
  const choose = (choice: Choice) => (event: MouseEvent) => {
    if (event.detail < 2) onAnswer({ kind: "choice", choice });
  };
  const option = (choice: Choice, words: string, key: string): JSX.Element => (
    <button type="button" class={`choice choice-${choice}`} aria-disabled={busy} onClick={choose(choice)}>
      <kbd>{key}</kbd>
      <span>{words === "" ? "(no words)" : words}</span>
    </button>
  );
  return (
    <div class="choices">
      {option("left", captions[0]!, "1")}
      {option("right", captions[1]!, "2")}
      {option("tie", "Equally good, or equally bad", "3")}
      <p class="hint">Judge what the picture shows: what is right, what is missing, what is made up.</p>
    </div>
  );
}
