// Characters that are separators, wildcards or controls somewhere, that reverse text or that take
// no room.
const UNSAFE = /[<>:"|?*\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const MAX_NAME_BYTES = 200;

/**
 * The base name of a path of any system as a name that is a plain file in any folder, or null when
 * none is left of it. Never has a separator, is never `.` or `..`, never starts with a dash.
 */
export function safeFileName(path: string): string | null {
  const base = path.split(/[/\\]/).at(-1) ?? "";
  const name = cutToBytes(base.replace(UNSAFE, "_"), MAX_NAME_BYTES)
    .replace(/[. ]+$/, "")
    .replace(/^ +/, "")
    .replace(/^-/, "_");
  if (name === "") return null;
  return WINDOWS_DEVICE.test(name) ? `_${name}` : name;
}

/**
 * The name a download proposes, without the `.gz` that the API adds. It comes from the device:
 * hostile until made safe.
 */
export function proposedFileName(contentDisposition: string | null): string | null {
  const match = /filename="?([^";]*)"?/i.exec(contentDisposition ?? "");
  if (match?.[1] === undefined) return null;
  let name = match[1];
  try {
    name = decodeURIComponent(name);
  } catch {
    // Not percent-encoded, so the name is used unchanged.
  }
  return safeFileName(name.replace(/\.gz$/i, ""));
}

function cutToBytes(text: string, maxBytes: number): string {
  let cut = text.toWellFormed();
  while (Buffer.byteLength(cut) > maxBytes) cut = [...cut].slice(0, -1).join("");
  return cut;
}
