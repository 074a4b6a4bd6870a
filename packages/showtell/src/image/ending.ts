// Whether a picture file has its end or was cut off: its parts are walked, whatever was appended to them. Decodes nothing.
import type { PictureFormat } from "./format.ts";

/** Of the formats whose beginnings browsers show as if they were all. */
const endings: { readonly [Format in PictureFormat]?: (file: DataView) => boolean } = { jpeg: jpegEnds, png: pngEnds };

/** Whether a picture's end is in its file; true for formats of which that is not known here. */
export function hasEnding(format: PictureFormat, { buffer, byteOffset, byteLength }: Uint8Array): boolean {
  return endings[format]?.(new DataView(buffer, byteOffset, byteLength)) ?? true;
}

/** End of image. */
const endMarker = 0xd9;

/**
 * ITU-T T.81, annex B: markers, most with a segment of known length (a thumbnail has an end of its own within one). The data of a scan
 * follows its segment and has 0xff before 0 only, or before a marker.
 */
function jpegEnds(file: DataView): boolean {
  let at = 2;
  while (at + 1 < file.byteLength) {
    const marker = file.getUint8(at + 1);
    if (file.getUint8(at) !== 0xff || marker === 0 || marker === 0xff) at++;
    else if (marker === endMarker) return true;
    else if (isLone(marker)) at += 2;
    else if (at + 3 < file.byteLength) at += 2 + file.getUint16(at + 2);
    else return false;
  }
  return false;
}

/** Markers without a segment: TEM, and the restarts of a scan. */
function isLone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}

const endChunk = 0x49454e44; // IEND

/** PNG, third edition, 5.3: chunks of a length, a type, data and a checksum. */
function pngEnds(file: DataView): boolean {
  for (let at = 8; at + 8 <= file.byteLength; at += 12 + file.getUint32(at)) {
    if (file.getUint32(at + 4) === endChunk) return true;
  }
  return false;
}
