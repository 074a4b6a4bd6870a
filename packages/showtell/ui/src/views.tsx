// The page's views and the way between them: the address's fragment, so that "back" works and a view can be linked to.
import type { JSX } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { IconName } from "./icon.tsx";
import { Icon } from "./icon.tsx";
import type { Place } from "./place.ts";

const views = {
  caption: { label: "Caption", icon: "photos", fragment: "#" },
  runs: { label: "Runs", icon: "curve", fragment: "#runs" },
} as const satisfies Record<string, { label: string; icon: IconName; fragment: string }>;

/** A view. */
export type View = keyof typeof views;

function viewOf({ runs }: Place): View {
  return runs === true && location.hash.startsWith(views.runs.fragment) ? "runs" : "caption";
}

/** The view that the address names. */
export function useView(place: Place): View {
  const [view, setView] = useState(() => viewOf(place));
  useLayoutEffect(() => {
    const listening = new AbortController();
    addEventListener("hashchange", () => setView(viewOf(place)), { signal: listening.signal });
    return () => listening.abort();
  }, [place]);
  return view;
}

/** Shows a view, as its link does. */
export function showView(view: View): void {
  location.hash = views[view].fragment;
}

/** Links to the views. */
export function Views({ view }: { readonly view: View }): JSX.Element {
  return (
    <nav class="views" aria-label="Views">
      {Object.entries(views).map(([name, { label, icon, fragment }]) => (
        <a key={name} href={fragment} aria-current={name === view ? "page" : undefined}>
          <Icon name={icon} /> {label}
        </a>
      ))}
    </nav>
  );
}
