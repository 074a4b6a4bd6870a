// The documentation, checked like code: snippets run, links lead somewhere, and what is said of the sources is true of them.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorCodes } from "../src/base/errors.ts";
import { filesBelow, modelShips, root } from "./source-files.ts";

function read(path: string): string {
  return readFileSync(join(root, path), "utf8").replaceAll("\r\n", "\n");
}

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...["docs", "examples", "packages"].flatMap((folder) =>
    filesBelow(folder, ".md").map((file) => join(folder, file.path)),
  ),
].filter((path) => !/node_modules|[\\/]dist[\\/]/.test(path));

/** A page's text without its code blocks. */
function proseOf(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, "");
}

/** The fragments that a page's headings can be linked by, as GitHub makes them. */
function anchorsOf(text: string): string[] {
  return [...proseOf(text).matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** Where a page's relative links lead to nothing. */
function brokenLinks(page: string): string[] {
  const links = [...proseOf(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path, fragment] = link.split("#");
    const target = path === "" ? page : join(dirname(page), path!);
    if (!existsSync(join(root, target))) return true;
    return fragment !== undefined && !anchorsOf(read(target)).includes(fragment);
  });
}

interface Snippet {
  readonly name: string;
  readonly language: string;
  readonly code: string;
  /** What the comment before the block says that it needs. */
  readonly needs: string | undefined;
}

function snippetsOf(page: string): Snippet[] {
  const blocks = read(page).matchAll(/(?:^<!-- needs (.+) -->\n)?^```(\w+)\n([\s\S]*?)^```$/gm);
  return [...blocks].map(([, needs, language, code], i) => ({
    name: `${page}, block ${i + 1} (${language})`,
    language: language!,
    code: code!,
    needs,
  }));
}

/** Runs a snippet as a reader would who copied it into a file of the root; only parses it if what it needs is not there. */
function runSnippet({ code, needs }: Snippet, file: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, code);
  const flags = needs !== undefined && !modelShips ? ["--check"] : [];
  const { status, stderr } = spawnSync(process.execPath, [...flags, file], { cwd: root, encoding: "utf8" });
  rmSync(file);
  return status === 0 ? "" : stderr;
}

describe("the links of", () => {
  test.each(pages)("%s lead somewhere", (page) => {
    expect(brokenLinks(page)).toEqual([]);
  });
});

describe("the snippets of the READMEs and of the library's page", () => {
  const readmes = ["docs/library.md", "README.md", "packages/showtell/README.md", "packages/caption-metrics/README.md"];
  const snippets = readmes.flatMap(snippetsOf);

  test.each(snippets.filter((snippet) => snippet.language === "js"))("$name runs", (snippet) => {
    const file = join(root, ".tmp", `${snippet.name.replace(/\W+/g, "-")}.mjs`);
    expect(runSnippet(snippet, file)).toBe("");
  });

  test("name npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const shell = snippetsOf("README.md").filter((snippet) => snippet.language === "sh");
    const named = shell.flatMap(({ code }) => [...code.matchAll(/^npm (?:run )?([\w:]+)/gm)].map((match) => match[1]!));
    expect(named).toContain("start");
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});

describe("docs/architecture.md", () => {
  const rows = [...read("docs/architecture.md").matchAll(/^\| `([\w-]+)\/` \| \d+ \| (.+) \|$/gm)];
  const folders = readdirSync(join(root, "packages/showtell/src"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);

  test("lists the folders that there are, and no others unless they are marked as planned", () => {
    const listed = rows.filter((row) => !row[2]!.endsWith("(planned)")).map((row) => row[1]!);
    expect(listed.toSorted()).toEqual(folders.toSorted());
  });
});

describe("docs/errors.md", () => {
  test("says of each error code what the sources say (else: node scripts/generate-errors-doc.mjs)", () => {
    const sections = [...read("docs/errors.md").matchAll(/^## (\w+)\n\n(.+)$/gm)];
    expect(sections.map(([, code, meaning]) => [code, meaning])).toEqual(Object.entries(errorCodes));
  });
});

describe("the packages", () => {
  test.each(["caption-metrics", "showtell"])("%s carries the licence of the whole", (name) => {
    expect(read(`packages/${name}/LICENSE`)).toBe(read("LICENSE"));
  });

  test("showtell ships its models together with the note on their licences", () => {
    expect(existsSync(join(root, "packages/showtell/models/LICENSE.md"))).toBe(true);
    const { files } = JSON.parse(read("packages/showtell/package.json")) as { files: string[] };
    expect(files).toEqual(expect.arrayContaining(["dist", "models", "README.md", "LICENSE"]));
  });
});
