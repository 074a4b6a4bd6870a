// Name and version of this release, from its package.json: what bundles and runs say wrote them.
import { createRequire } from "node:module";

const { name, version } = createRequire(import.meta.url)("../../package.json") as {
  readonly name: string;
  readonly version: string;
};

/** The version of this release, such as "0.1.0". */
export const releaseVersion: string = version;

/** Name and version of this release, such as "showtell 0.1.0". */
export const releaseName: string = `${name} ${version}`;
