// HTML as a tagged template whose values are escaped unless they are HTML themselves. Knows no page.

/** A piece of HTML: what is in it may stand in a page as it is. */
export interface Html {
  readonly kind: "html";
  readonly text: string;
}

/** What a template may hold; `undefined` leaves nothing. */
export type HtmlValue = string | number | Html | undefined | readonly HtmlValue[];

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** HTML from a template; text in it is escaped, lists are put one after the other. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const text = parts.map((part, i) => part + (i < values.length ? textOf(values[i]) : "")).join("");
  return { kind: "html", text };
}

/** Text that is HTML already: an SVG that was drawn, say. */
export function trusted(text: string): Html {
  return { kind: "html", text };
}

function textOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return value.replace(/[&<>"']/g, (character) => escapes[character]!);
  return "kind" in value ? value.text : value.map(textOf).join("");
}
