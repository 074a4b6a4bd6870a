// Captions in one spelling, so that capitals and punctuation don't tell raters who wrote them. Knows nothing of studies.
import { ptbTokens } from "caption-metrics";
import { captionText } from "../text/caption-text.ts";

/** A caption as a model could say it: the words that captions are scored by, without punctuation, in small letters but the first. */
export function plainCaption(caption: string): string {
  const text = captionText(ptbTokens(caption));
  return text.charAt(0).toUpperCase() + text.slice(1);
}
