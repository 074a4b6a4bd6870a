// Looks a data set over before it is trained on: what is missing, empty or twice, and how many words are unknown. Reports, prints nothing.
import path from "node:path";
import { sha256Hex } from "../base/bytes.ts";
import { type CancelSignal, throwIfCancelled } from "../base/cancel.ts";
import { type PlainError, ShowtellError, plainError } from "../base/errors.ts";
import { type UnknownWords, buildVocabulary, countUnknown } from "../text/vocabulary.ts";
import { type Dataset, picturePath } from "./dataset-folder.ts";
import { filesBelow, isThere, readBytes } from "./files.ts";
import { readImage } from "./image-reader.ts";

/** Settings of {@link checkDataset}. */
export interface CheckDatasetOptions {
  /** Splits a caption into tokens. */
  readonly tokenise: (caption: string) => readonly string[];
  /** How often a word must occur in the training split to be known; default 5. */
  readonly minimumCount?: number;
  readonly signal?: CancelSignal | undefined;
  /** Told after each picture how many of how many were looked at. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What {@link checkDataset} found. */
export interface DatasetReport extends PictureReport, WordReport {
  readonly name: string;
  /** Pictures that have captions. */
  readonly pictures: number;
  readonly captions: number;
}

/** What is wrong between pictures, captions and split lists. */
export interface PictureReport {
  /** Pictures that have captions but are not in the image folder. */
  readonly captionsWithoutPicture: readonly string[];
  /** Picture files in the image folder that have no captions. */
  readonly picturesWithoutCaptions: readonly string[];
  /** What a split lists although it has no captions. */
  readonly listedWithoutCaptions: readonly Place[];
  /** Pictures with the same bytes, or listed in two splits. */
  readonly duplicatePictures: readonly DuplicatePictures[];
  /** Pictures with captions, or listed, that can't be read: training and evaluation would leave them out. */
  readonly brokenPictures: readonly BrokenPicture[];
}

/** A picture that can't be read, and why. */
export interface BrokenPicture extends PlainError {
  readonly image: string;
}

/** A picture, and the split that lists it, if one does. */
export interface Place {
  readonly image: string;
  readonly split?: string;
}

/** Places at which the same picture stands. */
export interface DuplicatePictures {
  readonly places: readonly Place[];
  /** Whether two of the places are in different splits: what is learnt in one is then known in the other. */
  readonly acrossSplits: boolean;
}

/** The captions in numbers. */
export interface WordReport {
  /** Captions that have no token; `index` counts a picture's captions from 0. */
  readonly emptyCaptions: readonly { readonly image: string; readonly index: number }[];
  /** The words that occur at least `minimumCount` times in `split`: "train", or "all" where there is no such split. */
  readonly vocabulary: { readonly split: string; readonly minimumCount: number; readonly words: number };
  /** Every split that is there, then "all". */
  readonly splits: readonly SplitReport[];
}

/** One split in numbers. */
export interface SplitReport {
  readonly name: string;
  /** Listed pictures that have captions. */
  readonly pictures: number;
  readonly captions: number;
  /** Tokens of the longest caption. */
  readonly longestCaption: number;
  readonly words: UnknownWords;
}

const pictureEnding = /\.(?:jpe?g|png|webp|gif|tiff?|avif)$/i;

/**
 * Checks a data set; every picture that has captions or is listed is read (to find equal ones) and decoded.
 * @throws ShowtellError `CANCELLED`, `ARGUMENT` (the minimum count).
 */
export async function checkDataset(dataset: Dataset, options: CheckDatasetOptions): Promise<DatasetReport> {
  return {
    name: dataset.name,
    pictures: dataset.records.length,
    captions: dataset.records.reduce((sum, { captions }) => sum + captions.length, 0),
    ...(await checkPictures(dataset, options)),
    ...checkWords(dataset, options),
  };
}

async function checkPictures(dataset: Dataset, options: CheckDatasetOptions): Promise<PictureReport> {
  const captioned = new Set(dataset.records.map(({ image }) => image));
  const files = await filesBelow(dataset.imageFolder);
  const listed = dataset.splits.flatMap((split) => dataset.listed(split).map((image): Place => ({ image, split })));
  const inSplit = new Set(listed.map(({ image }) => image));
  const unlisted = [...captioned].filter((image) => !inSplit.has(image)).map((image): Place => ({ image }));
  const places = [...listed, ...unlisted];
  const there = new Set<string>();
  for (const image of new Set(places.map((place) => place.image)))
    if (await isThere(picturePath(dataset, image))) there.add(image);
  const named = new Set([...captioned].map((image) => path.posix.normalize(image)));
  return {
    captionsWithoutPicture: [...captioned].filter((image) => !there.has(image)),
    picturesWithoutCaptions: files.filter((file) => !named.has(file) && pictureEnding.test(file)),
    listedWithoutCaptions: listed.filter(({ image }) => !captioned.has(image)),
    ...(await readPictures(
      dataset,
      places.filter(({ image }) => there.has(image)),
      options,
    )),
  };
}

async function readPictures(
  dataset: Dataset,
  places: readonly Place[],
  { signal, onProgress }: CheckDatasetOptions,
): Promise<Pick<PictureReport, "duplicatePictures" | "brokenPictures">> {
  const images = new Set(places.map(({ image }) => image));
  const hashes = new Map<string, string>();
  const brokenPictures: BrokenPicture[] = [];
  let done = 0;
  for (const image of images) {
    throwIfCancelled(signal);
    try {
      const bytes = await readBytes(picturePath(dataset, image));
      hashes.set(image, sha256Hex(bytes));
      await readImage(bytes, { name: image });
    } catch (error) {
      if (!(error instanceof ShowtellError)) throw error;
      brokenPictures.push({ image, ...plainError(error) });
    }
    onProgress?.(++done, images.size);
  }
  const placesByHash = new Map<string, Place[]>();
  for (const place of places) {
    const hash = hashes.get(place.image);
    if (hash !== undefined) placesByHash.set(hash, [...(placesByHash.get(hash) ?? []), place]);
  }
  const duplicatePictures = Array.from(placesByHash.values())
    .filter((equal) => equal.length > 1)
    .map((equal) => ({ places: equal, acrossSplits: new Set(equal.flatMap(({ split }) => split ?? [])).size > 1 }));
  return { duplicatePictures, brokenPictures };
}

function checkWords(dataset: Dataset, { tokenise, minimumCount = 5 }: CheckDatasetOptions): WordReport {
  const tokens = new Map(dataset.records.map(({ image, captions }) => [image, captions.map(tokenise)]));
  const tokensOf = (split: string): (readonly string[])[][] => {
    const images = split === "all" ? [...tokens.keys()] : dataset.listed(split);
    return images.flatMap((image) => (tokens.has(image) ? [tokens.get(image)!] : []));
  };
  const split = dataset.splits.includes("train") ? "train" : "all";
  const vocabulary = buildVocabulary(tokensOf(split).flat(), { minimumCount });
  return {
    emptyCaptions: Array.from(tokens, ([image, captions]) =>
      captions.flatMap((caption, index) => (caption.length === 0 ? [{ image, index }] : [])),
    ).flat(),
    vocabulary: { split, minimumCount, words: vocabulary.ids.size },
    splits: [...dataset.splits, "all"].map((name) => {
      const pictures = tokensOf(name);
      const captions = pictures.flat();
      return {
        name,
        pictures: pictures.length,
        captions: captions.length,
        longestCaption: captions.reduce((longest, { length }) => Math.max(longest, length), 0),
        words: countUnknown(vocabulary, captions),
      };
    }),
  };
}
