// The text files of Flickr8k (Hodosh et al. 2013): captions as `name.jpg#0<TAB>caption`, and a list of picture names for each split.
import { type CaptionRecord, CaptionCollector, lineError, numberedLines, safeImageName } from "./record.ts";

/**
 * Captions of a `Flickr8k.token.txt`. The original names a picture that does not exist, `2258277193_586949ec62.jpg.1`; it comes out
 * under that name, stands in no split list, and is reported by a data set check as captions without a picture.
 * @throws ShowtellError `DATA_FORMAT`, with file and line, if a line is something else.
 */
export function parseFlickrTokens(text: string, file: string): CaptionRecord[] {
  const collector = new CaptionCollector();
  for (const { line, number } of numberedLines(text)) {
    // Captions may have the line breaks of Unicode; a bare CR ends lines, as old files have it, which are not read.
    const match = /^([^\t]+)#\d+\t([^\r]*)$/.exec(line);
    if (match === null) {
      throw lineError(file, number, `expected "picture.jpg#0", a tab and a caption, found "${line.slice(0, 60)}"`);
    }
    collector.add(safeImageName(match[1]!, file, number), match[2]!.trim());
  }
  return collector.records();
}

/**
 * Picture names of a `Flickr_8k.trainImages.txt` and its kin, one a line.
 * @throws ShowtellError `DATA_FORMAT`, with file and line, if a name leads out of the image folder or stands there twice.
 */
export function parseSplitList(text: string, file: string): string[] {
  const names = new Set<string>();
  for (const { line, number } of numberedLines(text)) {
    const name = safeImageName(line.trim(), file, number);
    if (names.has(name)) throw lineError(file, number, `"${name}" stands in this list already`);
    names.add(name);
  }
  return [...names];
}
