// Karpathy's splits (Karpathy and Fei-Fei 2015): `dataset_flickr8k.json`, `dataset_flickr30k.json`, `dataset_coco.json`.
import { z } from "zod";
import { parsedJson } from "./json-text.ts";
import { type CaptionRecord, safeImageName } from "./record.ts";

const sentence = z
  .object({ raw: z.string().optional(), tokens: z.array(z.string()).optional() })
  .refine(({ raw, tokens }) => raw !== undefined || tokens !== undefined, "a sentence has neither raw nor tokens");
const schema = z.object({
  images: z.array(
    z.object({
      filename: z.string(),
      filepath: z.string().optional(),
      split: z.string().min(1),
      sentences: z.array(sentence),
    }),
  ),
});
const expected = '{"images": [{"filename", "split", "sentences": [{"raw"}]}]}';

/** Its names of splits that are called otherwise here; `restval` is the part of COCO's val that everybody trains on, too. */
const splits: ReadonlyMap<string, string> = new Map([
  ["val", "dev"],
  ["restval", "train"],
]);

/**
 * Records of a Karpathy file, with their splits: `val` becomes `dev`, `restval` becomes `train`.
 * @throws ShowtellError `DATA_FORMAT`, with file and place, if it is something else.
 */
export function parseKarpathy(text: string, file: string): CaptionRecord[] {
  return parsedJson(text, file, schema, expected).images.map(({ filename, filepath, split, sentences }, i) => ({
    image: safeImageName(filepath === undefined ? filename : `${filepath}/${filename}`, file, `images[${i}]`),
    captions: sentences.map(({ raw, tokens }) => (raw ?? tokens!.join(" ")).trim()),
    split: splits.get(split) ?? split,
  }));
}
