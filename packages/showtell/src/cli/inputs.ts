// From what stands on the command line to pictures: files, folders, globs, standard input and lists of paths. Decodes nothing.
import { stat } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { addAbortSignal } from "node:stream";
import { glob, isDynamicPattern } from "tinyglobby";
import { utf8Text } from "../base/bytes.ts";
import { throwIfCancelled } from "../base/cancel.ts";
import { ShowtellError } from "../base/errors.ts";
import type { ImageSource } from "../node/captioner.ts";
import { filesBelow, readBytes, unreadable } from "../node/files.ts";
import type { PlainError } from "../base/errors.ts";
import { plainError } from "../base/errors.ts";

/** A picture to be read, or what became of a name that leads to none. */
export type PictureInput =
  | { readonly name: string; readonly source: ImageSource }
  | { readonly name: string; readonly error: PlainError };

/** Where pictures are named. */
export interface InputSources {
  /** Files, folders, globs, or "-" for a picture on standard input. */
  readonly paths: readonly string[];
  /** A file of paths, one a line, or "-" for standard input. */
  readonly pathsFrom?: string | undefined;
  /** Told how many pictures a folder or glob holds. */
  readonly onFound: (name: string, pictures: number) => void;
  readonly signal: AbortSignal;
}

/** The name that stands for standard input. */
const standardInput = "-";

/** What a picture's file name ends in. HEIC is among them so that a phone's photos are not passed over without a word. */
const pictureEnding = /\.(?:jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|heic|heif)$/i;

/**
 * All pictures that are named, in order. A name that leads nowhere is an input with an error.
 * @throws ShowtellError `ARGUMENT` if there is no name at all or standard input is wanted twice, `FILE_NOT_FOUND` if the list can't be read.
 */
export async function findInputs({
  paths,
  pathsFrom,
  onFound,
  signal,
}: InputSources): Promise<readonly PictureInput[]> {
  requireOneStandardInput([...paths, pathsFrom]);
  const named = pathsFrom === undefined ? paths : [...paths, ...(await readList(pathsFrom, signal))];
  requireOneStandardInput([...named, pathsFrom]); // the list may name it, too
  if (named.length === 0) {
    throw new ShowtellError("ARGUMENT", "no picture is named: give files, folders or globs, or a list by --paths-from");
  }
  const found: PictureInput[] = [];
  for (const path of named) {
    if (path === standardInput) found.push({ name: path, source: await readPicture(signal) });
    // One by one: a folder may hold more than a call takes arguments.
    else for (const input of await inputsAt(path, onFound)) found.push(input);
  }
  return found;
}

function requireOneStandardInput(names: readonly (string | undefined)[]): void {
  const uses = names.filter((name) => name === standardInput).length;
  if (uses > 1) throw new ShowtellError("ARGUMENT", `"-" stands ${uses} times: standard input can be read once`);
  if (uses === 1 && process.stdin.isTTY) {
    throw new ShowtellError("ARGUMENT", '"-" reads standard input, which is the keyboard here: pipe something in');
  }
}

/** All pictures in a folder and below, sorted; hidden files and folders are passed over. @throws ShowtellError `FILE_NOT_FOUND`. */
export async function picturesIn(folder: string): Promise<readonly string[]> {
  const files = await filesBelow(folder);
  return files
    .filter((file) => pictureEnding.test(file) && !file.split("/").some((part) => part.startsWith(".")))
    .map((file) => join(folder, file));
}

async function inputsAt(path: string, onFound: InputSources["onFound"]): Promise<readonly PictureInput[]> {
  try {
    const kind = await kindOf(path);
    if (kind === "file") return [{ name: path, source: path }];
    const pictures = kind === "folder" ? await picturesIn(path) : await filesMatching(path);
    if (pictures.length === 0) {
      const what = kind === "folder" ? "has no picture in it or below" : "matches no file";
      throw new ShowtellError("FILE_NOT_FOUND", `"${path}" ${what}`);
    }
    onFound(path, pictures.length);
    return pictures.map((picture) => ({ name: picture, source: picture }));
  } catch (error) {
    return [{ name: path, error: plainError(error) }];
  }
}

/** What is there decides; a path where nothing is may be a pattern. */
async function kindOf(path: string): Promise<"file" | "folder" | "pattern"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (cause) {
    if (isDynamicPattern(path)) return "pattern";
    throw unreadable(path, cause);
  }
}

/** What a shell would make of a pattern; those of Windows leave that to the program. */
async function filesMatching(pattern: string): Promise<readonly string[]> {
  const slashed = sep === "\\" ? pattern.replaceAll("\\", "/") : pattern;
  const options = { absolute: isAbsolute(pattern), expandDirectories: false, onlyFiles: true };
  return (await glob(slashed, options)).sort();
}

async function readList(file: string, signal: AbortSignal): Promise<readonly string[]> {
  const bytes = file === standardInput ? await readStandardInput(signal) : await readBytes(file);
  let text: string;
  try {
    text = utf8Text(bytes);
  } catch (cause) {
    throw new ShowtellError("ARGUMENT", `the list of paths "${file}" is not UTF-8 text`, { cause });
  }
  return text.split(/\r?\n/).filter((line) => line !== "");
}

async function readPicture(signal: AbortSignal): Promise<ImageSource> {
  // Only here, for it loads the decoder of pictures.
  const { maximumPictureBytes } = await import("../node/image-reader.ts");
  return { name: "standard input", bytes: await readStandardInput(signal, maximumPictureBytes + 1) };
}

/** Standard input to its end, or to a limit; a picture beyond the limit is refused by whoever reads it. */
async function readStandardInput(signal: AbortSignal, maximumBytes = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of addAbortSignal(signal, process.stdin)) {
      chunks.push(chunk as Uint8Array);
      size += (chunk as Uint8Array).length;
      if (size >= maximumBytes) break;
    }
  } catch (cause) {
    throwIfCancelled(signal);
    throw unreadable(standardInput, cause);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}
