// A caption and the scales that it is rated on: by clicks, or by number keys from one scale to the next.
import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Answer, Scale } from "showtell";

type Values = Readonly<Record<string, number>>;

/** The caption and its scales; the answer goes when the last scale has its value. */
export function Ratings({
  caption,
  scales,
  busy,
  onAnswer,
}: {
  readonly caption: string;
  readonly scales: readonly Scale[];
  readonly busy: boolean;
  readonly onAnswer: (answer: Answer) => void;
}): JSX.Element {
  const [values, setValues] = useState<Values>({});
  // What was chosen last, whatever was drawn since: keys may come faster than frames.
  const latest = useRef<Values>({});
  const rate = ({ name }: Scale, value: number): void => {
    if (busy) return;
    latest.current = { ...latest.current, [name]: value };
    setValues(latest.current);
    if (scales.every((scale) => scale.name in latest.current)) onAnswer({ kind: "ratings", ratings: latest.current });
  };
  const open = scales.find(({ name }) => !(name in values));
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      const asked = scales.find(({ name }) => !(name in latest.current)) ?? scales.at(-1)!;
      const point = asked.points.find(({ value }) => String(value) === event.key);
      if (point === undefined) return;
      event.preventDefault();
      rate(asked, point.value);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [busy, onAnswer]);
  return (
    <>
      <blockquote class="rated-caption">{caption === "" ? "(no words)" : caption}</blockquote>
      {scales.map((scale) => (
        <fieldset key={scale.name} class="scale" data-asked={scale === open}>
          {/* The only question stands above the caption already. */}
          <legend class={scales.length === 1 ? "visually-hidden" : undefined}>{scale.question}</legend>
          <div class="scale-points">
            {scale.points.map(({ value, label }) => (
              <button
                key={value}
                type="button"
                class="choice scale-point"
                aria-disabled={busy}
                aria-pressed={values[scale.name] === value}
                onClick={(event) => {
                  if (event.detail < 2) rate(scale, value);
                }}
              >
                <kbd>{value}</kbd>
                <span>{label}</span>
              </button>
            ))}
          </div>
        </fieldset>
      ))}
    </>
  );
}
