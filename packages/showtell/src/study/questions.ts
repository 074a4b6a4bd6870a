// What raters are asked, by the kind of study, and which answers there are. Knows no rater and no page.
import { ShowtellError } from "../base/errors.ts";

/** The kinds of studies: which of two captions is better; how adequate and how fluent one is; Hodosh's four points. */
export const studyKinds = ["side-by-side", "rating", "expert"] as const;

/** A kind of study. */
export type StudyKind = (typeof studyKinds)[number];

/** A point of a scale. */
export interface ScalePoint {
  readonly value: number;
  /** What it means, in a few words. */
  readonly label: string;
}

/** Something that a caption is rated for. */
export interface Scale {
  /** Its name in answers and reports. */
  readonly name: string;
  readonly question: string;
  /** From the worst to the best, by rising value. */
  readonly points: readonly ScalePoint[];
}

/** Which of two captions a rater prefers. */
export type Choice = "left" | "right" | "tie";

/** What a rater said of one task. */
export type Answer =
  | { readonly kind: "choice"; readonly choice: Choice }
  /** A value for each scale of the study. */
  | { readonly kind: "ratings"; readonly ratings: Readonly<Record<string, number>> };

const points = (...labels: readonly string[]): readonly ScalePoint[] =>
  labels.map((label, place) => ({ value: place + 1, label }));

/**
 * The scales of each kind; none where captions are compared. Adequacy and fluency as in evaluating translations (LDC 2005); the four
 * points of `expert` are those of Hodosh, Young and Hockenmaier 2013, by which Flickr8k's own captions were judged.
 */
export const scalesOf: Readonly<Record<StudyKind, readonly Scale[]>> = {
  "side-by-side": [],
  rating: [
    {
      name: "adequacy",
      question: "How well does it say what the picture shows?",
      points: points("not at all", "a little", "partly", "mostly", "fully"),
    },
    {
      name: "fluency",
      question: "How good is the English, whatever it says?",
      points: points("not readable", "poor", "passable", "good", "flawless"),
    },
  ],
  expert: [
    {
      name: "score",
      question: "How well does the caption fit the picture?",
      points: points("unrelated", "somewhat related", "minor errors", "no errors"),
    },
  ],
};

/** Refuses an answer that a study of a kind does not ask for. @throws ShowtellError `ARGUMENT`. */
export function requireAnswer(kind: StudyKind, answer: Answer): void {
  const scales = scalesOf[kind];
  const wanted = scales.length === 0 ? "choice" : "ratings";
  if (answer.kind !== wanted) {
    throw new ShowtellError("ARGUMENT", `a study of the kind "${kind}" asks for ${wanted}, not ${answer.kind}`);
  }
  if (answer.kind === "choice") return;
  const unknown = Object.keys(answer.ratings).find((name) => scales.every((scale) => scale.name !== name));
  if (unknown !== undefined) throw new ShowtellError("ARGUMENT", `this study has no scale "${unknown}"`);
  for (const { name, points: allowed } of scales) {
    const value = answer.ratings[name];
    if (allowed.some((point) => point.value === value)) continue;
    const range = `${allowed[0]!.value} to ${allowed.at(-1)!.value}`;
    throw new ShowtellError(
      "ARGUMENT",
      `the answer's ${name} is ${value ?? "missing"}: it must be a whole number from ${range}`,
    );
  }
}
