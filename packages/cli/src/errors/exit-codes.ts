/**
 * Every exit code of `halligan`. 0 is success. The others are reserved: `run` and `result` pass the
 * script's own code on, but never one of these, so that a caller can tell a failed script from a
 * failed halligan. The reason is in docs/decisions/0024-exit-codes.md.
 */
export const EXIT = {
  ok: 0,
  usage: 64,
  unexpectedResponse: 65,
  notFound: 66,
  refused: 67,
  unreachable: 69,
  internal: 70,
  serverError: 71,
  localFile: 73,
  throttled: 75,
  notPermitted: 77,
  configuration: 78,
  actionFailed: 80,
  actionTimedOut: 81,
  actionCancelled: 82,
  waitLimitReached: 83,
  machineBusy: 84,
  scriptCodeReserved: 85,
  notVerified: 86,
  nothingCollected: 87,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitName = keyof typeof EXIT;

export const EXIT_MEANINGS: Record<ExitName, string> = {
  ok: "done (run, result: the script's own exit code, unless it is reserved)",
  usage: "the command line is wrong, or a name fits several machines, groups or applications",
  unexpectedResponse: "the server answered with something the API does not promise",
  notFound: "machine, action, library file or application not found",
  refused: "the server refused the request",
  unreachable: "the server cannot be reached",
  internal: "a fault in halligan itself",
  serverError: "the server failed",
  localFile: "a local file cannot be read or written, or exists and --force was not given",
  throttled: "still throttled after the longest wait",
  notPermitted: "not signed in, or the application lacks a permission",
  configuration: "no profile, a broken or an unsafe one",
  actionFailed: "the action ended as Failed",
  actionTimedOut: "the action ended as TimeOut",
  actionCancelled: "the action ended as Cancelled",
  waitLimitReached: "--timeout passed; the action goes on",
  machineBusy: "the machine has an unfinished action",
  scriptCodeReserved: "the script ended with a reserved code, or one outside 0 to 255; standard error has it",
  notVerified: "action --verify: a signature is missing or does not hold, or the bytes are not the signed ones",
  nothingCollected: "get --folder, --pattern: the archive has only errors, nothing could be collected",
  interrupted: "Ctrl+C; an action that was started goes on",
  terminated: "asked to end (SIGTERM); an action that was started goes on",
};

/** In the order of the help. */
export const EXIT_CODES: readonly { code: number; meaning: string }[] = Object.entries(EXIT_MEANINGS)
  .map(([name, meaning]) => ({ code: codeOf(name), meaning }))
  .toSorted((a, b) => a.code - b.code);

function codeOf(name: string): number {
  const code = Object.entries(EXIT).find(([other]) => other === name)?.[1];
  if (code === undefined) throw new Error(`There is no exit code ${name}`);
  return code;
}

/**
 * Whether the code is always halligan's own. Unused numbers of the range are reserved for later
 * versions.
 */
export function isReservedExitCode(code: number): boolean {
  return (code >= 64 && code <= 99) || code === EXIT.interrupted || code === EXIT.terminated;
}

/** The process's code for a script's. `--json` and standard error have the script's own. */
export function exitCodeOfScript(scriptExitCode: number): number {
  const isByte = Number.isInteger(scriptExitCode) && scriptExitCode >= 0 && scriptExitCode <= 255;
  return isByte && !isReservedExitCode(scriptExitCode) ? scriptExitCode : EXIT.scriptCodeReserved;
}
