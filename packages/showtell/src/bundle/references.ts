// A bundle's third part: document frequencies of the references that a decoder was trained on. They weigh words; no caption depends on
// them, and no identity.
import { ShowtellError } from "../base/errors.ts";
import { tensor } from "../base/tensor.ts";
import type { FrequencyTable } from "../text/frequency-table.ts";
import type { BundlePart } from "./bundle.ts";
import type { ReferencesManifest } from "./manifest.ts";

/** A table as a part of a bundle: tensors `ngrams` and `counts`, int32 [n]. */
export function referencesPart({ images, ngrams, counts }: FrequencyTable): BundlePart<ReferencesManifest> {
  const shape = [ngrams.length];
  const tensors = new Map([
    ["ngrams", tensor("int32", shape, ngrams)],
    ["counts", tensor("int32", shape, counts)],
  ]);
  return { manifest: { images }, tensors };
}

/** The table in a part that {@link checkReferences} let pass. */
export function frequencyTableOf({ manifest, tensors }: BundlePart<ReferencesManifest>): FrequencyTable {
  return {
    images: manifest.images,
    ngrams: tensors.get("ngrams")!.data as Int32Array,
    counts: tensors.get("counts")!.data as Int32Array,
  };
}

/** @throws ShowtellError `BUNDLE_TENSORS` if the part's tensors are not two lists of whole numbers as long as each other. */
export function checkReferences({ tensors }: BundlePart<ReferencesManifest>, source: string): void {
  const [ngrams, counts] = [tensors.get("ngrams"), tensors.get("counts")];
  const whole = [ngrams, counts].every((list) => list?.dtype === "int32" && list.shape.length === 1);
  if (whole && tensors.size === 2 && ngrams!.data.length === counts!.data.length) return;
  throw new ShowtellError(
    "BUNDLE_TENSORS",
    `"${source}": the table of document frequencies is not two int32 lists "ngrams" and "counts" of one length: pack it again`,
  );
}
