// Where captions fail: scores by what the pictures show, as told by the words of their references. Knows no pictures.
import { bootstrapIntervals, corpusScores } from "caption-metrics";
import type { CorpusStatistics } from "caption-metrics";
import type { CancelSignal } from "../base/cancel.ts";
import { pausedBy } from "../base/cancel.ts";
import type { Scores } from "./evaluation.ts";

/** What pictures are told apart by. */
export type SliceGroup = "length" | "people" | "objects" | "colours" | "counts";

/** A part of the pictures, with the scores of each row on it. Parts overlap. */
export interface Slice {
  readonly group: SliceGroup;
  readonly name: string;
  readonly pictures: number;
  /** In the order of the rows that have scores. CIDEr weighs words as over all pictures. */
  readonly scores: readonly Scores[];
}

/** A part of the pictures by their places. */
export interface PicturePart {
  readonly group: SliceGroup;
  readonly name: string;
  readonly pictures: readonly number[];
}

/** Fewer pictures say nothing. */
const fewestPictures = 20;

/** Words by which pictures are told apart; the last of a group, without words, is of pictures with none of the others. */
const vocabularies: readonly (readonly [group: SliceGroup, names: Readonly<Record<string, string>>, none: string])[] = [
  [
    "people",
    {
      man: "man men guy guys gentleman",
      woman: "woman women lady ladies",
      child: "boy boys girl girls child children kid kids baby toddler",
      "several people": "people crowd group players team couple",
    },
    "nobody",
  ],
  [
    "objects",
    {
      dog: "dog dogs puppy puppies",
      "another animal": "cat cats horse horses bird birds cow cows sheep elephant elephants bear bears",
      ball: "ball soccer football basketball baseball tennis",
      bicycle: "bike bikes bicycle bicycles bicyclist cyclist biker",
      vehicle: "car cars truck bus train motorcycle motorbike boat boats",
      water: "water pool ocean sea lake river wave waves pond",
      beach: "beach sand",
      snow: "snow snowy ice ski skier snowboard snowboarder",
      grass: "grass grassy field lawn park",
      street: "street sidewalk road city",
      climbing: "rock rocks cliff mountain climbing climber climbs",
      clothes: "shirt jacket hat dress shorts jeans suit uniform",
    },
    "none of these",
  ],
  [
    "colours",
    Object.fromEntries(
      ["black", "white", "brown", "red", "blue", "green", "yellow", "orange", "pink"].map((name) => [name, name]),
    ),
    "no colour",
  ],
  [
    "counts",
    {
      two: "two both couple pair",
      three: "three",
      "four or more": "four five six seven eight many several crowd group",
    },
    "no number",
  ],
];

/** Longest mean length of a picture's references, in words, and what such pictures are called. */
const lengths: readonly (readonly [most: number, name: string])[] = [
  [8, "up to 8 words"],
  [10, "to 10 words"],
  [12, "to 12 words"],
  [Infinity, "longer"],
];

/**
 * Parts of the pictures by the tokens of their references. A picture shows what two of its references name, or the one or two that it has.
 * @param references The tokens of each picture's captions.
 */
export function pictureParts(references: readonly (readonly (readonly string[])[])[]): readonly PicturePart[] {
  const parts = [
    ...lengthParts(references),
    ...vocabularies.flatMap((vocabulary) => wordParts(references, vocabulary)),
  ];
  return parts.filter(({ pictures }) => pictures.length >= fewestPictures);
}

function lengthParts(references: readonly (readonly (readonly string[])[])[]): readonly PicturePart[] {
  const means = references.map((captions) => captions.reduce((sum, { length }) => sum + length, 0) / captions.length);
  const nameOf = (mean: number): string => lengths.find(([most]) => mean <= most)![1];
  return lengths.map(([, name]) => ({
    group: "length",
    name,
    pictures: [...means.keys()].filter((picture) => nameOf(means[picture]!) === name),
  }));
}

function wordParts(
  references: readonly (readonly (readonly string[])[])[],
  [group, names, none]: (typeof vocabularies)[number],
): readonly PicturePart[] {
  const shows = (picture: number, words: ReadonlySet<string>): boolean => {
    const captions = references[picture]!;
    const naming = captions.filter((tokens) => tokens.some((token) => words.has(token))).length;
    return naming >= (captions.length > 2 ? 2 : 1);
  };
  const all = [...references.keys()];
  const parts = Object.entries(names).map(([name, text]) => {
    const words = new Set(text.split(" "));
    return { group, name, pictures: all.filter((picture) => shows(picture, words)) };
  });
  const named = new Set(parts.flatMap(({ pictures }) => pictures));
  return [...parts, { group, name: none, pictures: all.filter((picture) => !named.has(picture)) }];
}

/**
 * Scores of a part: its own pictures' statistics, summed and resampled.
 * @throws ShowtellError `CANCELLED`.
 */
export async function partScores(
  statistics: CorpusStatistics,
  { pictures }: PicturePart,
  resamples: number,
  signal?: CancelSignal,
): Promise<Scores> {
  const size = statistics.rows.length / statistics.images;
  const rows = new Float64Array(pictures.length * size);
  pictures.forEach((picture, i) => rows.set(statistics.rows.subarray(picture * size, (picture + 1) * size), i * size));
  const part = { ...statistics, images: pictures.length, rows };
  const intervals = await bootstrapIntervals(part, { resamples, onResample: pausedBy(signal) });
  return Object.fromEntries(
    Object.entries(corpusScores(part)).map(([name, value]) => {
      const [low, high] = intervals[name]!;
      return [name, { value, low, high }];
    }),
  );
}
