// The beginning of a rater's page: who they are stands behind the # of their link. Knows nothing of captions.
import { render } from "preact";
import { ErrorNote } from "../error-note.tsx";
import { saidBy } from "../sources.ts";
import { openDesk } from "./desk.ts";
import { Brand, RatePage } from "./rate-page.tsx";

const root = document.querySelector("#app")!;

async function begin(): Promise<void> {
  try {
    const desk = await openDesk(location.hash.slice(1));
    render(<RatePage desk={desk} />, root);
  } catch (error) {
    render(
      <>
        <header class="top">
          <Brand />
        </header>
        <main class="refused">
          <h1>This link can’t be opened</h1>
          <ErrorNote error={saidBy(error)} />
        </main>
      </>,
      root,
    );
  }
}

// Another rater's link in the same tab changes nothing but the part behind the #.
addEventListener("hashchange", () => location.reload());
await begin();
