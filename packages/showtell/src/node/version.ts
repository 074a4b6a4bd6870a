// Name and version of this package, as bundles and runs record it.
import { readFileSync } from "node:fs";
import { z } from "zod";

const packageFile = new URL("../../package.json", import.meta.url);
const { name, version: packageVersion } = z
  .object({ name: z.string(), version: z.string() })
  .parse(JSON.parse(readFileSync(packageFile, "utf8")));

/** The package's version, "0.1.0" say. */
export const version: string = packageVersion;

/** What bundles and runs say wrote them, "showtell 0.1.0" say. */
export const writer: string = `${name} ${packageVersion}`;
