import { fileNameFault } from "@halligan/protocol/link";

/**
 * Characters with another meaning on Windows: a stream, a pattern, a device, or a name that loses
 * its last characters.
 */
const WINDOWS_SPECIAL = /[<>:"|?*]|[. ]$/;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(\.|$)/i;

/**
 * Why a text cannot be the name of exactly one file in one folder of this device (threat 2.2); null
 * when it can.
 */
export function deviceFileNameFault(name: string, platform: NodeJS.Platform = process.platform): string | null {
  const fault = fileNameFault(name);
  if (fault !== null || platform !== "win32") return fault;
  if (WINDOWS_SPECIAL.test(name))
    return 'holds a character that Windows does not take (< > : " | ? *, or a last . or blank)';
  return WINDOWS_DEVICE.test(name) ? "is the name of a device on Windows" : null;
}

/**
 * The name of a script on disk: its own name, or a plain name with the same ending if its own name
 * is not valid for a file.
 */
export function scriptFileName(scriptName: string): string {
  if (deviceFileNameFault(scriptName) === null) return scriptName;
  return `script${/\.[A-Za-z0-9]{1,16}$/.exec(scriptName)?.[0] ?? ""}`;
}

export function notInLibrary(name: string): string {
  return `The library has no file named '${name}'.`;
}
