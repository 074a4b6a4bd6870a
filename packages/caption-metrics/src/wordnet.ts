// The entry `caption-metrics/wordnet`: WordNet's synonyms, a megabyte and a half that is loaded only by who imports it.
import { exceptions, synsets } from "../data/wordnet.js";
import { createSynonyms, type Synonyms } from "./meteor/synonyms.ts";

/** Synonyms of WordNet 3.0 for METEOR. WordNet's licence is in the package's `data/COPYING.WORDNET`. */
export const wordnet: Synonyms = createSynonyms({ synsets, exceptions });
