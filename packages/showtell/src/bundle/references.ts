// A bundle's third part: document frequencies of the references that a decoder was trained on. They weigh words; no caption depends on
// them, and no identity.
import { ShowtellError } from "../base/errors.ts";
import { tensor, type Tensor } from "../base/tensor.ts";
import type { FrequencyTable } from "../text/frequency-table.ts";
import type { BundlePart } from "./bundle.ts";
import { checkIdentity, identityOf } from "./identity.ts";
import type { ReferencesManifest } from "./manifest.ts";

/** A table as a part of a bundle: tensors `ngrams` and `counts`, int32 [n]. */
export function referencesPart({ images, ngrams, counts }: FrequencyTable): BundlePart<ReferencesManifest> {
  const shape = [ngrams.length];
  const tensors = new Map([
    ["ngrams", tensor("int32", shape, ngrams)],
    ["counts", tensor("int32", shape, counts)],
  ]);
  return { manifest: { images, identity: referencesIdentity(images, tensors) }, tensors };
}

/** The table in a part that {@link checkReferences} let pass. */
export function frequencyTableOf({ manifest, tensors }: BundlePart<ReferencesManifest>): FrequencyTable {
  return {
    images: manifest.images,
    ngrams: tensors.get("ngrams")!.data as Int32Array,
    counts: tensors.get("counts")!.data as Int32Array,
  };
}

/**
 * Looks at the part's tensors: they must be a table, and the one that was hashed, where a hash is given (files written before there was one have none).
 * @throws ShowtellError `BUNDLE_TENSORS` if they are no table, `BUNDLE_FORMAT` if it is another one.
 */
export function checkReferences(part: BundlePart<ReferencesManifest>, source: string): void {
  const { manifest, tensors } = part;
  const lists = [tensors.get("ngrams"), tensors.get("counts")];
  const whole = lists.every((list) => list?.dtype === "int32" && list.shape.length === 1);
  if (!whole || tensors.size !== 2 || lists[0]!.data.length !== lists[1]!.data.length)
    throw new ShowtellError(
      "BUNDLE_TENSORS",
      `"${source}": the table of document frequencies is not two int32 lists "ngrams" and "counts" of one length: pack it again`,
    );
  const { images, ngrams, counts } = frequencyTableOf(part);
  const damaged = ngrams.findIndex(
    (hash, i) => (i > 0 && hash <= ngrams[i - 1]!) || counts[i]! < 2 || counts[i]! > images,
  );
  if (damaged !== -1)
    throw new ShowtellError(
      "BUNDLE_TENSORS",
      `"${source}": entry ${damaged} of the table of document frequencies (n-gram ${ngrams[damaged]}, in ${counts[damaged]} pictures) does not ` +
        `rise, or is not in 2 to ${images} pictures: pack it again`,
    );
  if (manifest.identity !== undefined)
    checkIdentity(referencesIdentity(images, tensors), manifest.identity, "table of document frequencies", source);
}

function referencesIdentity(images: number, tensors: ReadonlyMap<string, Tensor>): string {
  return identityOf(tensors, { images });
}
