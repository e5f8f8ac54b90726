/**
 * Every exit code of `halligan`. 0 is success. `run` and `result` pass on the script's own code, which can be any of
 * 0 to 255 and so can equal one of these: `--json` tells them apart (`exitCode` is the script's, `error` is ours).
 * Codes of our own start at 64, above what scripts commonly use.
 */
export const EXIT = {
  ok: 0,
  usage: 64,
  unexpectedAnswer: 65,
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
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitName = keyof typeof EXIT;

export const EXIT_MEANINGS: Record<ExitName, string> = {
  ok: "done (run, result: the script's own exit code, 0 to 255)",
  usage: "the command line is wrong",
  unexpectedAnswer: "the server answered with something the API does not promise",
  notFound: "machine, action, library file or application not found, or a machine name that fits several",
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
  interrupted: "Ctrl+C; an action that was started goes on",
  terminated: "asked to end (SIGTERM); an action that was started goes on",
};

/**
 * The process's code for a script's. 0 to 255 as it is. Others cannot be expressed: they are 1, since cutting them to
 * eight bits would turn 256 into success. `--json` has the true number.
 */
export function exitCodeOfScript(scriptExitCode: number): number {
  return Number.isInteger(scriptExitCode) && scriptExitCode >= 0 && scriptExitCode <= 255 ? scriptExitCode : 1;
}
