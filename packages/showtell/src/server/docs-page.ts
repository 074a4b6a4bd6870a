// The OpenAPI document as a page for people: plain HTML from the document, without a script and without a request to anywhere.
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { JsonSchema, OpenApiDocument, OperationObject } from "./openapi.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** The looks of the web page: its colours, light and dark, from 360 px up. */
const style = `
  :root {
    color-scheme: light dark;
    --ground: light-dark(#f6f7f5, #111715); --surface: light-dark(#fff, #1a2220); --raised: light-dark(#eef1ee, #232d2a);
    --line: light-dark(#d5dbd6, #34413d); --ink: light-dark(#16211d, #eaf1ee); --soft: light-dark(#52605a, #a9b8b1);
    --accent: light-dark(#0f6b5c, #5fd0b6); --accent-soft: light-dark(#dcefe9, #1d3b34);
    font: 16px/1.5 system-ui, sans-serif;
  }
  * { box-sizing: border-box; }
  html { scroll-padding-top: 1rem; }
  body { margin: 0; background: var(--ground); color: var(--ink); }
  h1, h2, h3, p, dl, dd, ul { margin: 0; padding: 0; }
  a { color: var(--accent); }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
  code, pre { font: 0.9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
  header { padding: 1.5rem clamp(1rem, 4vw, 2.5rem); border-bottom: 1px solid var(--line); background: var(--surface); }
  header h1 { font-size: 1.6rem; letter-spacing: -0.02em; }
  header p { color: var(--soft); }
  .page { display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 2rem; max-width: 78rem; margin: 0 auto;
    padding: 2rem clamp(1rem, 4vw, 2.5rem); }
  nav { position: sticky; top: 1rem; align-self: start; max-height: calc(100vh - 2rem); overflow-y: auto; font-size: 0.88rem; }
  nav ul { list-style: none; }
  nav a { display: flex; gap: 0.5rem; align-items: baseline; padding: 0.3rem 0.4rem; border-radius: 6px; color: inherit; text-decoration: none; }
  nav a:hover { background: var(--raised); }
  main { display: grid; grid-template-columns: minmax(0, 1fr); gap: 1.25rem; }
  section { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0.7rem; padding: clamp(1rem, 3vw, 1.5rem); border: 1px solid var(--line);
    border-radius: 14px; background: var(--surface); }
  h2 { display: flex; flex-wrap: wrap; gap: 0.6rem; align-items: center; font-size: 1.15rem; }
  h3 { margin-top: 0.4rem; color: var(--soft); font-size: 0.95rem; }
  .method { flex: none; min-width: 3.4rem; padding: 0.1rem 0.4rem; border-radius: 6px; background: var(--accent-soft); color: var(--accent);
    font: 700 0.75rem/1.6 ui-monospace, monospace; text-align: center; text-transform: uppercase; }
  section > p:empty { display: none; }
  dl { display: grid; grid-template-columns: minmax(7rem, auto) minmax(0, 1fr); gap: 0.5rem 1.25rem; }
  dt { font-weight: 600; }
  dd { color: var(--soft); white-space: pre-line; overflow-wrap: anywhere; }
  details { border-top: 1px solid var(--line); }
  summary { padding: 0.6rem 0; font: 600 0.95rem/1.5 ui-monospace, monospace; cursor: pointer; }
  pre { overflow-x: auto; margin: 0 0 0.8rem; padding: 0.9rem; border-radius: 10px; background: var(--raised); overflow-wrap: normal; }
  @media (max-width: 52rem) {
    .page { grid-template-columns: minmax(0, 1fr); gap: 1.25rem; padding-block: 1.25rem; }
    nav { position: static; max-height: none; }
    dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
    dd { margin-bottom: 0.6rem; }
  }`;

/** An operation with the line that it is known by. */
interface Listed {
  readonly method: string;
  readonly path: string;
  readonly operation: OperationObject;
}

/** The page. @param nonce What its style is allowed by. */
export function documentationPage({ info, paths, components }: OpenApiDocument, nonce: string): Html {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Listed => ({ method, path, operation })),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} ${info.version}: the API</title>
        <link rel="icon" href="./icon.svg" />
        <style nonce="${nonce}">
          ${raw(style)}
        </style>
      </head>
      <body>
        <header>
          <h1>${info.title} ${info.version}: the API</h1>
          <p>${info.description}</p>
          <p>For people: <a href="./">the page</a>. For programs: <a href="./openapi.json">openapi.json</a>.</p>
        </header>
        <div class="page">
          <nav aria-label="Operations">
            <ul>
              ${operations.map((one) => html`<li><a href="#${one.operation.operationId}">${line(one)}</a></li>`)}
              <li><a href="#schemas">Schemas</a></li>
            </ul>
          </nav>
          <main>
            ${operations.map(section)}
            <section id="schemas">
              <h2>Schemas</h2>
              <div>
                ${Object.entries(components.schemas).map(
                  ([name, schema]) =>
                    html`<details>
                      <summary>${name}</summary>
                      <pre id="schema-${name}" tabindex="0">${JSON.stringify(schema, undefined, 2)}</pre>
                    </details>`,
                )}
              </div>
            </section>
          </main>
        </div>
      </body>
    </html>`;
}

function line({ method, path }: Listed): Html {
  return html`<span class="method">${method}</span> <code>${path}</code>`;
}

function section(listed: Listed): Html {
  const { operationId, summary, description, parameters, requestBody, responses } = listed.operation;
  const answered = responses["200"];
  return html`<section id="${operationId}">
    <h2>${line(listed)}</h2>
    <p>${summary}</p>
    ${(description ?? "").split("\n\n").map((paragraph) => html`<p>${paragraph}</p>`)}
    ${
      parameters === undefined
        ? ""
        : html`<h3>Parameters</h3>
            ${definitions(parameters.map(({ name, in: where, schema }) => [where === "path" ? `{${name}}` : name, inWords(schema)]))}`
    }
    ${
      requestBody === undefined
        ? ""
        : html`<h3>Body</h3>
            ${contents(requestBody.content)}`
    }
    <h3>Answers</h3>
    ${answered === undefined ? "" : contents(answered.content)}
    ${definitions(Object.entries(responses).map(([status, { description: meaning }]) => [status, meaning]))}
  </section>`;
}

function contents(content: OperationObject["responses"][string]["content"]): Html {
  return definitions(
    Object.entries(content).map(([type, { schema }]) => [type, schema === undefined ? "" : inWords(schema)]),
  );
}

function definitions(terms: readonly (readonly [term: string, meaning: string | Html])[]): Html {
  return html`<dl>
    ${terms.map(
      ([term, meaning]) =>
        html`<dt><code>${term}</code></dt>
          <dd>${meaning}</dd>`,
    )}
  </dl>`;
}

/** A schema in a line: its description and bounds, or a link to where it is described. */
function inWords({ $ref: reference, description, type, minimum, maximum }: JsonSchema): string | Html {
  if (typeof reference === "string") {
    const name = reference.split("/").at(-1)!;
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const bounds = typeof minimum === "number" && typeof maximum === "number" ? `, ${minimum} to ${maximum}` : "";
  return `${String(type)}${bounds}. ${typeof description === "string" ? description : ""}`;
}
