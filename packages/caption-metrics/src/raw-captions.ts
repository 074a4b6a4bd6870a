// Captions as callers give them, looked at and tokenised: what is none is refused with the image's id. Scores nothing.
import { MetricsError } from "./errors.ts";
import { ptbTokens } from "./ptb/tokens.ts";

/** The tokens of an image's hypothesis. @throws MetricsError `ARGUMENT` for what is no caption. */
export function hypothesisTokens(caption: unknown, id: string): string[] {
  return tokens(caption, `the hypothesis of image "${id}"`);
}

/** The tokens of an image's references. @throws MetricsError `NO_REFERENCES`, `ARGUMENT` for what is no caption. */
export function referenceTokens(captions: unknown, id: string): string[][] {
  if (!Array.isArray(captions)) {
    throw new MetricsError(
      "ARGUMENT",
      `the references of image "${id}" are ${typeof captions}: give an array of captions`,
    );
  }
  if (captions.length === 0) {
    throw new MetricsError(
      "NO_REFERENCES",
      `image "${id}" has no reference caption: give it one, or leave the image out`,
    );
  }
  return captions.map((caption: unknown, index) => tokens(caption, `reference ${index} of image "${id}"`));
}

function tokens(caption: unknown, where: string): string[] {
  if (typeof caption !== "string") {
    throw new MetricsError(
      "ARGUMENT",
      `${where} is ${caption === null ? "null" : typeof caption}: a caption is a string`,
    );
  }
  return ptbTokens(caption);
}
