// COCO's caption annotations (Lin et al. 2014; Chen et al. 2015): `captions_train2017.json` and its kin.
import { z } from "zod";
import { ShowtellError } from "../base/errors.ts";
import { parsedJson } from "./json-text.ts";
import { type CaptionRecord, safeImageName } from "./record.ts";

const id = z.union([z.int(), z.string()]);
const schema = z.object({
  images: z.array(z.object({ id, file_name: z.string() })),
  annotations: z.array(z.object({ image_id: id, caption: z.string() })),
});
const expected = '{"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}';

/**
 * Records of a COCO annotation file, in the order of its images. The file is one split, which its name tells: `train`, `dev` (from
 * `val`) or `test`; a file of another name has none.
 * @throws ShowtellError `DATA_FORMAT`, with file and place, if it is something else or a caption is of an image that is not there.
 */
export function parseCoco(text: string, file: string): CaptionRecord[] {
  const { images, annotations } = parsedJson(text, file, schema, expected);
  const captions = new Map(images.map((image): [string | number, string[]] => [image.id, []]));
  for (const [i, { image_id, caption }] of annotations.entries()) {
    const own = captions.get(image_id);
    if (own === undefined) {
      const what = `annotations[${i}]: there is no image with id ${JSON.stringify(image_id)}`;
      throw new ShowtellError("DATA_FORMAT", `${file}: ${what}`);
    }
    own.push(caption.trim());
  }
  const split = splitOf(file);
  return images.map((image, i) => ({
    image: safeImageName(image.file_name, file, `images[${i}].file_name`),
    captions: captions.get(image.id)!,
    ...(split !== undefined && { split }),
  }));
}

function splitOf(file: string): string | undefined {
  const name = /captions_(train|val|test)[^/\\]*$/.exec(file)?.[1];
  return name === "val" ? "dev" : name;
}
