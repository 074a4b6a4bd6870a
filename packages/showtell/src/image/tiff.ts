// How many pages a TIFF file chains together (TIFF 6.0, section 2; BigTIFF): decoders walk them all, whichever they read. Decodes nothing.

/** Counts directories from the start of the file, at most to one more than `most`. What leads out of the file, or is no TIFF, ends the chain. */
export function tiffPages(bytes: Uint8Array, most: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49; // "II"
  const isBig = bytes.length > 16 && view.getUint16(2, little) === 43;
  const [countBytes, entryBytes, offsetBytes] = isBig ? [8, 20, 8] : [2, 12, 4];
  const numberAt = (at: number, size: number): number => {
    if (!(at >= 0 && at + size <= bytes.length)) return Number.NaN;
    if (size === 8) return Number(view.getBigUint64(at, little));
    return size === 4 ? view.getUint32(at, little) : view.getUint16(at, little);
  };
  let pages = 0;
  let directory = numberAt(isBig ? 8 : 4, offsetBytes);
  while (directory > 0 && pages <= most) {
    const next = numberAt(directory + countBytes + entryBytes * numberAt(directory, countBytes), offsetBytes);
    pages++;
    directory = next;
  }
  return pages;
}
