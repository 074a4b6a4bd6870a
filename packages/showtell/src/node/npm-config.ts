// The user's own npm configuration (registry, proxy, credentials, certificates), read as npm reads it. Fetches nothing.
import { dirname, join } from "node:path";

/** Options as npm's own libraries take them; what they hold is their business. */
export type NpmOptions = Readonly<Record<string, unknown>>;

/** Where npm itself is installed: it may have a configuration file of its own, say for a company's registry. */
function npmFolder(environment: NodeJS.ProcessEnv): string {
  const program = environment["npm_execpath"]; // set by npm for what it runs: …/npm/bin/npm-cli.js
  if (program !== undefined) return dirname(dirname(program));
  const nodeFolder = dirname(process.execPath);
  return process.platform === "win32"
    ? join(nodeFolder, "node_modules", "npm")
    : join(dirname(nodeFolder), "lib", "node_modules", "npm");
}

/**
 * Reads npm's configuration from all its places (environment, project's, user's and global `.npmrc`).
 * The environment that is given (default: the process's) is not changed, and nothing is printed.
 */
export async function loadNpmOptions(environment: NodeJS.ProcessEnv = process.env): Promise<NpmOptions> {
  // Imported when needed: together they take longer to load than the rest of showtell.
  const { default: Config } = await import("@npmcli/config");
  const { default: parts } = await import("@npmcli/config/lib/definitions/index.js");
  const config = new Config({
    ...parts,
    npmPath: npmFolder(environment),
    argv: [],
    env: { ...environment }, // a copy: loading sets variables for npm's children
    cwd: process.cwd(),
    warn: false,
  });
  await config.load();
  return config.flat;
}
