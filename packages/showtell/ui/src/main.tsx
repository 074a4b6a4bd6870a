// The page's beginning: what it is told about its surroundings, then the app. Knows nothing of captions.
import { render } from "preact";
import { App } from "./app.tsx";
import { ErrorNote } from "./error-note.tsx";
import { readPlace } from "./place.ts";
import { saidBy } from "./sources.ts";

const root = document.querySelector("#app")!;

try {
  const place = await readPlace();
  render(<App place={place} />, root);
} catch (error) {
  render(<ErrorNote error={saidBy(error)} />, root);
}
