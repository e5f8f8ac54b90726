const MAX_BYTES = 255;
/** C0, DEL, C1: they move a terminal's cursor and break lines of logs. */
const CONTROL = /\p{Cc}/u;

/**
 * Why a text cannot be the name of one file in one folder, as the end of a sentence that begins
 * with the name; null when it can. Letters of every script, blanks and quotes are fine. A name that
 * passes can still be wrong on Windows, which its device checks.
 */
export function fileNameFault(name: string): string | null {
  if (name === "") return "is empty";
  if (name === "." || name === "..") return "names a folder";
  if (/[/\\]/.test(name)) return "holds a slash or a backslash";
  if (CONTROL.test(name)) return "holds a control character";
  if (!name.isWellFormed()) return "is not well-formed Unicode";
  const sizeBytes = new TextEncoder().encode(name).length;
  return sizeBytes > MAX_BYTES ? `has ${sizeBytes} bytes in UTF-8, and ${MAX_BYTES} are the most` : null;
}
