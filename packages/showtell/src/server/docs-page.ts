// The OpenAPI document as a page for people: plain HTML from the document, without a script and without a request to anywhere.
import { html, raw } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { JsonSchema, OpenApiDocument, OperationObject } from "./openapi.ts";

type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

const style = `
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
  h2 { border-top: 1px solid #8888; padding-top: 1rem; margin-top: 2rem; }
  code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
  pre { overflow-x: auto; padding: 0.75rem; border: 1px solid #8888; border-radius: 0.4rem; }
  dt { font-weight: 600; margin-top: 0.5rem; }
  dd { margin-left: 1.5rem; white-space: pre-line; }
  p { white-space: pre-line; }`;

/** The page. @param nonce What its style is allowed by. */
export function documentationPage({ info, paths, components }: OpenApiDocument, nonce: string): Html {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${info.title} ${info.version}: the API</title>
        <style nonce="${nonce}">
          ${raw(style)}
        </style>
      </head>
      <body>
        <main>
          <h1>${info.title} ${info.version}</h1>
          <p>${info.description}</p>
          <p>For programs: <a href="/openapi.json">openapi.json</a>.</p>
          ${operations.map(({ method, path, operation }) => section(`${method.toUpperCase()} ${path}`, operation))}
          <h2 id="schemas">Schemas</h2>
          ${Object.entries(components.schemas).map(
            ([name, schema]) =>
              html`<h3 id="schema-${name}">${name}</h3>
                <pre tabindex="0">${JSON.stringify(schema, undefined, 2)}</pre>`,
          )}
        </main>
      </body>
    </html>`;
}

function section(
  title: string,
  { operationId, summary, description, parameters, requestBody, responses }: OperationObject,
): Html {
  return html`<h2 id="${operationId}"><code>${title}</code></h2>
    <p>${summary}</p>
    ${description === undefined ? "" : html`<p>${description}</p>`}
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
    ${Object.entries(responses).map(
      ([status, { description: meaning, content }]) =>
        html`<dl>
            <dt>${status}</dt>
            <dd>${meaning}</dd>
          </dl>
          ${status === "200" ? contents(content) : ""}`,
    )}`;
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
