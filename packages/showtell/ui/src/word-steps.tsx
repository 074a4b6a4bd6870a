// The words of a caption, one of them chosen: by a click, or stepped through with the arrow keys. Knows nothing of what is shown of them.
import type { JSX } from "preact";
import { useRef } from "preact/hooks";

/** Where a key leads from a word. */
const steps: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowRight: (at, last) => Math.min(last, at + 1),
  ArrowLeft: (at) => Math.max(0, at - 1),
  ArrowDown: (at, last) => Math.min(last, at + 1),
  ArrowUp: (at) => Math.max(0, at - 1),
  Home: () => 0,
  End: (_, last) => last,
};

/** The words; Tab reaches the chosen one, arrows go on from it. */
export function WordSteps({
  words,
  chosen,
  onChoose,
}: {
  readonly words: readonly string[];
  readonly chosen: number;
  readonly onChoose: (place: number) => void;
}): JSX.Element {
  const group = useRef<HTMLDivElement>(null);
  return (
    <div
      ref={group}
      class="words"
      role="toolbar"
      aria-label="Words of the caption"
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (step === undefined) return;
        event.preventDefault();
        const next = step(chosen, words.length - 1);
        onChoose(next);
        group.current!.querySelectorAll("button")[next]?.focus();
      }}
    >
      {words.map((word, place) => (
        <button
          key={place}
          type="button"
          tabIndex={place === chosen ? 0 : -1}
          aria-pressed={place === chosen}
          onClick={() => onChoose(place)}
        >
          {word}
        </button>
      ))}
    </div>
  );
}
