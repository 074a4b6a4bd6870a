// What METEOR looks words up in, loaded when it is asked for: WordNet's synonyms. Scores nothing.
import type { MeteorResources } from "caption-metrics";

/** WordNet's synonyms. */
export async function meteorResources(): Promise<MeteorResources> {
  const { wordnet } = await import("caption-metrics/wordnet");
  return { synonyms: wordnet };
}
