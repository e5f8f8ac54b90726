/** A name that can be one file in one folder and nothing else (threat 2.2). */
const SAFE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/;

export function isSafeFileName(name: string): boolean {
  return SAFE_NAME.test(name);
}

/** The name on disk for a script: its own, or a plain one with its ending where its own could not be a file's. */
export function scriptFileName(scriptName: string): string {
  if (isSafeFileName(scriptName)) return scriptName;
  return `script${/\.[A-Za-z0-9]{1,16}$/.exec(scriptName)?.[0] ?? ""}`;
}

export function notInLibrary(name: string): string {
  return `The library has no file named '${name}'.`;
}
