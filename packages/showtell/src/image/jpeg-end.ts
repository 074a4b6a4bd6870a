// Whether a JPEG is whole: its own end, not that of a preview inside it, nor of what a camera appended (the film of a "motion photo").

/** The second bytes of markers (ITU-T T.81, table B.1). */
const [endOfImage, startOfScan, temporary] = [0xd9, 0xda, 0x01];

/** Whether it is a restart marker, which stands inside a scan. */
function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7;
}

/** Whether the segments and scans of a JPEG lead to its end of image; what follows that is not looked at. */
export function isWholeJpeg(bytes: Uint8Array): boolean {
  let at = 2; // after the start of image
  while (at + 1 < bytes.length) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff) return false;
    if (marker === endOfImage) return true;
    if (marker === 0xff) {
      at += 1; // a fill byte
      continue;
    }
    at += 2;
    if (marker === temporary || isRestart(marker)) continue;
    if (at + 1 >= bytes.length) return false;
    at += 256 * bytes[at]! + bytes[at + 1]!;
    if (marker === startOfScan) at = endOfScan(bytes, at);
  }
  return false;
}

/** Where the marker after a scan's data stands: a byte 0xff of the data is followed by 0, or it starts a restart marker. */
function endOfScan(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    at = bytes.indexOf(0xff, at);
    if (at < 0) return bytes.length;
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && !isRestart(next)) return at;
    at += 2;
  }
}
