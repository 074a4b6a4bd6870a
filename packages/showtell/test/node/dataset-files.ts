// A small data set for the tests of data set folders, laid out on disk as each test wants it.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** Writes files below a folder. */
export async function layFiles(root: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

export const tokens = "a.jpg#0\tA dog runs\na.jpg#1\tA dog\nb.jpg#0\tA cat\nc.jpg#0\tA bird\n";
export const csv = 'image,caption\na.jpg,A dog runs\na.jpg,"A dog"\nb.jpg,A cat\nc.jpg,A bird\n';
export const records = [
  { image: "a.jpg", captions: ["A dog runs", "A dog"] },
  { image: "b.jpg", captions: ["A cat"] },
  { image: "c.jpg", captions: ["A bird"] },
];
export const lists = { "Flickr_8k.trainImages.txt": "b.jpg\na.jpg\n", "Flickr_8k.devImages.txt": "c.jpg\n" };
export const below = <Content>(folder: string, files: Readonly<Record<string, Content>>): Record<string, Content> =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));

/** A picture of one pixel, as GIF: header, two colours, the pixel. Each letter's first colour is its own, so that its bytes are. */
export const picture = (letter: string): Uint8Array => {
  const red = letter.charCodeAt(0).toString(16).padStart(2, "0");
  const hex = `47494638396101000100800000${red}0000ffffff2c00000000010001000002024401003b`;
  return Uint8Array.from(Buffer.from(hex, "hex"));
};

export const pictures = (folder: string): Record<string, Uint8Array> =>
  below(folder, { "a.jpg": picture("a"), "b.jpg": picture("b"), "c.jpg": picture("c") });
