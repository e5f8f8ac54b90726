import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { UsageError } from "../errors/cli-error.ts";

/** The character that the runtime substitutes for bytes that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/**
 * Throws UsageError when the runtime has replaced bytes of the command line. Otherwise, halligan
 * would use another file or pass other arguments than the person typed.
 */
export function refuseReplacedBytes(argv: readonly string[]): void {
  const replaced = argv.find((argument) => argument.includes(REPLACEMENT));
  if (replaced === undefined || isCommandLineUtf8()) return;
  throw new UsageError(
    `The argument ${JSON.stringify(replaced)} is not valid UTF-8. Rename the file, or write the argument in UTF-8.`,
  );
}

/** When the system does not report this, the character counts as typed. */
function isCommandLineUtf8(): boolean {
  if (process.platform !== "linux") return true;
  try {
    return isUtf8(readFileSync("/proc/self/cmdline"));
  } catch {
    return true;
  }
}
