// The data that a decoder had learned before it learns on: a share of its training captions, and its dev split. Prepares nothing.
import { seededRandom } from "../base/random.ts";
import type { CaptionRecord } from "../datasets/record.ts";
import { openDataset } from "./dataset-folder.ts";
import type { SplitData } from "./training-captions.ts";
import type { OldData } from "./training-request.ts";

function captionsOf(records: readonly CaptionRecord[]): number {
  return records.reduce((sum, { captions }) => sum + captions.length, 0);
}

/**
 * Opens old data and draws pictures of its training split, with all their captions, until these make up the wanted share of all training
 * captions, or there are no more.
 * @param fresh The records that are to be learned.
 * @throws ShowtellError what {@link openDataset} and its splits throw.
 */
export async function openOldData(
  { data, images, share }: OldData,
  fresh: readonly CaptionRecord[],
  seed: number,
): Promise<SplitData> {
  const dataset = await openDataset(data, images === undefined ? {} : { images });
  const wanted = (share / (1 - share)) * captionsOf(fresh);
  const train: CaptionRecord[] = [];
  let captions = 0;
  for (const record of seededRandom(seed, "old data").shuffle(Array.from(dataset.split("train")))) {
    if (captions >= wanted) break;
    train.push(record);
    captions += record.captions.length;
  }
  return { dataset, train, dev: dataset.split("dev") };
}
