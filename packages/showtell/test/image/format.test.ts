// The kind of a picture file by its first bytes.
import { describe, expect, it } from "vitest";
import { pictureFormat } from "../../src/image/format.ts";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

describe("pictureFormat", () => {
  it.each([
    ["jpeg", "\xff\xd8\xff\xe0\0\x10JFIF"],
    ["png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
    ["gif", "GIF89a\x01\0"],
    ["gif", "GIF87a\x01\0"],
    ["webp", "RIFF\x10\n\0\0WEBPVP8 "],
    ["tiff", "II*\0\x08\0\0\0"],
    ["tiff", "MM\0*\0\0\0\x08"],
    ["heif", "\0\0\0\x20ftypavif\0\0\0\0"],
    ["heif", "\0\0\0\x18ftypheic\0\0\0\0"],
    ["heif", "\0\0\0\x18ftypmif1\0\0\0\0"],
    ["svg", "<svg xmlns='http://www.w3.org/2000/svg'>"],
    ["svg", "\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a star -->\n<svg width='1'>"],
    ["svg", "<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'><svg>"],
  ])("tells %s from %j", (format, head) => {
    expect(pictureFormat(latin1(head))).toBe(format);
  });

  it.each([
    ["nothing", ""],
    ["a web page", "<!DOCTYPE html><html><body>404</body></html>"],
    ["a film", "\0\0\0\x20ftypisom\0\0\0\0"],
    ["a sound", "RIFF\x10\0\0\0WAVEfmt "],
    ["a PDF", "%PDF-1.7"],
    ["a JPEG's first two bytes", "\xff\xd8"],
    ["text that mentions a format", "see GIF89a"],
  ])("knows no picture in %s", (_, head) => {
    expect(pictureFormat(latin1(head))).toBeUndefined();
  });
});
