// A caption as other documents take it: alternative text, HTML, Markdown. Knows no model; follows what screen readers and
// https://www.w3.org/WAI/tutorials/images/ ask of alternative texts.

/** Screen readers read longer texts in pieces, or not to the end. */
export const longestAltText = 125;

/** What a reader already knows when an image is announced: "an image of", "this is a photo showing" and the like. */
const announcement =
  /^(?:(?:this|here|there)\s+is\s+)?(?:an?|the)\s+(?:close-?up\s+)?(?:image|picture|photo|photograph|snapshot|screenshot|graphic)\s+(?:of|showing|with|depicting)\s+/i;

/**
 * A caption as alternative text: without "an image of", beginning with a capital, at most {@link longestAltText} characters, cut
 * between words. Empty if the picture is decorative: a screen reader then passes over it.
 */
export function altText(caption: string, { decorative = false }: { readonly decorative?: boolean } = {}): string {
  if (decorative) return "";
  const said = caption.trim().replaceAll(/\s+/g, " ").replace(announcement, "");
  const begun = said.charAt(0).toUpperCase() + said.slice(1);
  if (begun.length <= longestAltText) return begun;
  const room = begun.slice(0, longestAltText);
  const lastSpace = room.lastIndexOf(" ");
  return `${room.slice(0, lastSpace > 0 ? lastSpace : longestAltText - 1).replace(/[\s,;:.]+$/, "")}…`;
}

const htmlEntities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => htmlEntities[character]!);
}

/** What begins another part of an address, and stands in a file's name for itself. */
const addressMarks: Readonly<Record<string, string>> = { "#": "%23", "?": "%3F" };

/** A file's name as an address; half a character, which a name can hold on some systems, has none and becomes the replacement character. */
function addressOf(file: string): string {
  // What stands before a colon would be a protocol.
  const own = /^[^/]*:/.test(file) ? `./${file}` : file;
  return encodeURI(own.replaceAll(/\p{Surrogate}/gu, "\u{FFFD}")).replaceAll(/[#?]/g, (mark) => addressMarks[mark]!);
}

/** An `<img>` element; the file's name is its address. */
export function htmlImage(file: string, alt: string): string {
  return `<img src="${escapeHtml(addressOf(file))}" alt="${escapeHtml(alt)}">`;
}

/** An image in Markdown; the file's name is its address. */
export function markdownImage(file: string, alt: string): string {
  return `![${alt.replaceAll(/[\\[\]]/g, String.raw`\$&`)}](${addressOf(file).replaceAll(/[()]/g, (bracket) => (bracket === "(" ? "%28" : "%29"))})`;
}
