// A report on judgments as data: what report.json holds. Computes nothing.
import type { Findings } from "./findings.ts";
import type { Judgments } from "./judgments.ts";

/** Where judgments come from. */
export type JudgmentSource =
  | {
      readonly kind: "study";
      readonly id: number;
      /** When it was made, as an ISO date. */
      readonly created: string;
      readonly data: { readonly name: string; readonly split: string };
    }
  | {
      readonly kind: "file";
      readonly name: string;
      /** Captions that are left out because they are among their picture's references; where the file tells. */
      readonly ownCaptions?: number;
    };

/** The report. */
export interface StudyReport extends Findings {
  /** Name and version of what wrote it. */
  readonly writer: string;
  readonly source: JudgmentSource;
  readonly kind: Judgments["kind"];
  readonly scales: readonly string[];
  readonly pictures: number;
  /** Captions, or pairs of them, that were judged. */
  readonly items: number;
  readonly judgments: number;
  /** Pairs that were not judged because both captions were the same. */
  readonly same: number;
  /** Raters whose judgments were left out. */
  readonly excluded: readonly string[];
  /** What must agree before a metric's score is compared with another. */
  readonly signatures: Readonly<Record<string, string>>;
}
