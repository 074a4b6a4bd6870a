// The table of captions beside a record: a line a picture, with what its scores add up from. Tab-separated, so that it reads as it is.
// Scores of any sample of the pictures, and so the paired bootstrap, need nothing else. Knows no files.
import { keptImages, keptStatistics, ptbTokens, splitWords } from "caption-metrics";
import type { CorpusStatistics } from "caption-metrics";
import { ShowtellError } from "../base/errors.ts";

/** Captions in the order of the pictures, with the statistics that they are scored by. */
export interface CaptionTable {
  readonly captions: readonly string[];
  /** Without METEOR. */
  readonly statistics: CorpusStatistics;
}

const header = "caption\tCIDEr\tROUGE-L\treference words\tmatches 1\tmatches 2\tmatches 3\tmatches 4";
const orders = [1, 2, 3, 4];

/** The text of the file. CIDEr and ROUGE-L are rounded to four digits; BLEU's counts are exact, its guesses follow from the caption. */
export function captionTableText({ captions, statistics }: CaptionTable): string {
  const lines = keptImages(statistics).map(({ bleu, rougeL, cider }, i) =>
    [captions[i]!, rounded(cider), rounded(rougeL), bleu.referenceLength, ...bleu.correct].join("\t"),
  );
  return `${[header, ...lines].join("\n")}\n`;
}

function rounded(value: number): string {
  return String(Number(value.toFixed(4)));
}

/**
 * Reads such a table.
 * @throws ShowtellError `RECORD_FORMAT` naming the file and line.
 */
export function parseCaptionTable(text: string, source: string): CaptionTable {
  const [first, ...lines] = text.trimEnd().split(/\r?\n/);
  if (first !== header)
    throw new ShowtellError(
      "RECORD_FORMAT",
      `"${source}", line 1: the heading must be "${header.replaceAll("\t", ", ")}"`,
    );
  const rows = lines.map((line, i) => {
    const [caption = "", ...cells] = line.split("\t");
    const numbers = cells.map((cell) => (cell === "" ? Number.NaN : Number(cell)));
    if (numbers.length !== 3 + orders.length || !numbers.every((number) => Number.isFinite(number) && number >= 0)) {
      throw new ShowtellError(
        "RECORD_FORMAT",
        `"${source}", line ${i + 2}: a caption and ${3 + orders.length} numbers are expected, there is "${line}"`,
      );
    }
    return { caption, numbers };
  });
  const images = rows.map(({ caption, numbers: [cider, rougeL, referenceLength, ...correct] }) => {
    const hypothesisLength = splitWords(ptbTokens(caption)).length;
    const guessed = orders.map((n) => Math.max(0, hypothesisLength - n + 1));
    return {
      bleu: { hypothesisLength, referenceLength: referenceLength!, guessed, correct },
      rougeL: rougeL!,
      cider: cider!,
    };
  });
  return { captions: rows.map(({ caption }) => caption), statistics: keptStatistics(images) };
}
