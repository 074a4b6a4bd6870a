// The page's icons, drawn here so that none is fetched. They say nothing to screen readers: words beside them do.
import type { JSX } from "preact";

/** Paths in a square of 24, drawn as strokes. */
const paths = {
  photos:
    "M4 7.5A2.5 2.5 0 0 1 6.500 5h8A2.500 2.500 0 0 1 17 7.500v7a2.500 2.500 0 0 1-2.500 2.500h-8A2.500 2.500 0 0 1 4 14.500zM4.500 15l3.500-3.500 2.500 2.500 2-2 4 4M8 20h9.500a3 3 0 0 0 3-3V8.500",
  camera:
    "M4 8.500A1.500 1.500 0 0 1 5.500 7H8l1.500-2h5L16 7h2.500A1.500 1.500 0 0 1 20 8.500v9a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 17.500zM12 16a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400z",
  paste:
    "M9 5H6.500A1.500 1.500 0 0 0 5 6.500v13A1.500 1.500 0 0 0 6.500 21h11a1.500 1.500 0 0 0 1.500-1.500v-13A1.500 1.500 0 0 0 17.500 5H15M9 3.500h6v3H9z",
  alert: "M12 8.500v4.500M12 16.500v.1M12 3.500 2.800 19.500h18.400z",
  edit: "M14.500 5.500l4 4L8 20H4v-4zM12.500 7.500l4 4",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  device: "M7 3.500h10a1 1 0 0 1 1 1v15a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1zM11 17.500h2",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 14.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600z",
  tune: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4M4 12h1M9 12h11M7 10v4",
  curve: "M4 4v16h16M7 15l4-5 3.500 3 5-7",
  up: "M7.500 11v9.500H4.500V11zM7.500 11l4-7.500a2 2 0 0 1 2 2V9.500h5.200a1.800 1.800 0 0 1 1.800 2.100l-1.300 7.400a1.800 1.800 0 0 1-1.800 1.500H7.500",
  down: "M16.500 13V3.500h3V13zM16.500 13l-4 7.500a2 2 0 0 1-2-2V14.500H5.300a1.800 1.800 0 0 1-1.800-2.100l1.300-7.400a1.800 1.800 0 0 1 1.800-1.500h9.900",
  undo: "M8.500 4.500 4 9l4.500 4.500M4 9h10a5.500 5.500 0 0 1 0 11h-3",
  again: "M19.500 12a7.500 7.500 0 1 1-2.200-5.300L19.500 9M19.500 4.500V9H15",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof paths;

/** An icon of the text's size and colour. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
