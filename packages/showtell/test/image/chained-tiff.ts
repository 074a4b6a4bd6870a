// TIFF files of pages without an entry: nothing but a chain of directories.

/** A chain of so many directories, one behind the other. */
export function chainedTiff(pages: number, { little = true, isBig = false } = {}): Uint8Array<ArrayBuffer> {
  const [head, countBytes, offsetBytes] = isBig ? [16, 8, 8] : [8, 2, 4];
  const bytes = new Uint8Array(head + pages * (countBytes + offsetBytes));
  const view = new DataView(bytes.buffer);
  const setOffset = (at: number, offset: number): void => {
    if (isBig) view.setBigUint64(at, BigInt(offset), little);
    else view.setUint32(at, offset, little);
  };
  bytes.fill(little ? 0x49 : 0x4d, 0, 2);
  view.setUint16(2, isBig ? 43 : 42, little);
  if (isBig) view.setUint16(4, 8, little);
  setOffset(isBig ? 8 : 4, head);
  for (let page = 0; page + 1 < pages; page++) {
    const next = head + (page + 1) * (countBytes + offsetBytes);
    setOffset(next - offsetBytes, next);
  }
  return bytes;
}
