// What kind of picture some bytes are, by their first bytes: a file's name often lies. Decodes nothing.

/** The kinds that are told apart. `heif` holds AVIF and HEIC; `svg` is recognised so that it can be refused by name. */
export type PictureFormat = "jpeg" | "png" | "gif" | "webp" | "tiff" | "heif" | "svg";

/** Each pattern is matched at the first byte of the file (Latin-1). Sources: the formats' specifications; ISO/IEC 23008-12 for HEIF's brands. */
const signatures: Readonly<Record<PictureFormat, RegExp>> = {
  jpeg: /^\xff\xd8\xff/,
  png: /^\x89PNG\r\n/,
  gif: /^GIF8[79]a/,
  webp: /^RIFF[^]{4}WEBP/,
  tiff: /^(?:II[*+]\0|MM\0[*+])/,
  heif: /^[^]{4}ftyp(?:avi[fs]|mif1|msf1|he[iv][cxms])/,
  svg: /^(?:\xef\xbb\xbf)?\s*<(?:svg|[?!][^]*<svg)[\s>]/,
};

const headLength = 1024;

/** The kind of picture that the bytes start like, or undefined if none that is known. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, headLength));
  const formats = Object.keys(signatures) as PictureFormat[];
  return formats.find((format) => signatures[format].test(head));
}
