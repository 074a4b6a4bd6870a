// What the caption has in common with training data: pictures that look alike, what people said of them, and whether it is a copy.
import type { JSX } from "preact";
import type { Candidate, TrainingNeighbour } from "showtell/web";
import { Icon } from "./icon.tsx";

const percent = (similarity: number): string => `${(100 * similarity).toFixed(0)} %`;

function copyWords(copies: number): string {
  if (copies === 0) return "No training caption is this sentence: the model put it together itself.";
  const times = copies === 1 ? "one training caption" : `${copies.toLocaleString("en")} training captions`;
  return `This sentence is a copy: ${times} said the same, word for word.`;
}

/** The view. */
export function Neighbours({
  neighbours,
  candidate,
}: {
  /** Nearest first. */
  readonly neighbours: readonly TrainingNeighbour[];
  readonly candidate: Candidate;
}): JSX.Element {
  const { copies = 0 } = candidate;
  return (
    <section class="neighbours" aria-label="Training data">
      <h3>What it was taught on pictures like this</h3>
      <p class={copies > 0 ? "copied" : ""}>
        <Icon name={copies > 0 ? "copy" : "check"} /> {copyWords(copies)}
      </p>
      <ol>
        {neighbours.map(({ image, similarity, captions }) => (
          <li key={image}>
            <p class="neighbour-name">
              <span>{image}</span> <strong>{percent(similarity)} alike</strong>
            </p>
            <ul>
              {captions.map((caption, i) => (
                <li key={i}>{caption}</li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      <p class="hint">
        The training pictures whose features point most nearly in the same direction (cosine), and what people wrote of
        them.
      </p>
    </section>
  );
}
