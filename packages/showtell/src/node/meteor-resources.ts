// What METEOR looks words up in, loaded when it is asked for: WordNet's synonyms, and the paraphrase table if it is in the cache.
import type { MeteorResources } from "caption-metrics";
import { cachedParaphrases } from "./paraphrase-table.ts";

/**
 * WordNet's synonyms, and the paraphrase table where `showtell metrics add-paraphrases` has put one.
 * @throws ShowtellError `CACHE_FORMAT` if the table is damaged.
 */
export async function meteorResources(environment?: NodeJS.ProcessEnv): Promise<MeteorResources> {
  const [{ wordnet }, paraphrases] = await Promise.all([
    import("caption-metrics/wordnet"),
    cachedParaphrases(environment),
  ]);
  return paraphrases === undefined ? { synonyms: wordnet } : { synonyms: wordnet, paraphrases };
}
