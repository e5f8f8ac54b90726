/** `#!/usr/bin/env ...`: which program `env` starts. */

import { err, ok, type Result } from "@halligan/protocol/errors";

/** Options whose value is the next word. */
const WITH_VALUE = /^(?:-[iv0]*[uCa]|--(?:unset|chdir|argv0))$/;

/**
 * The program that `env` starts; null when only `env` can decide. A line without a program is
 * refused: `env` would start the script itself, its first line would start `env` again, and so on
 * without end.
 *
 * @param arg what follows `env`, which the kernel passes on as one argument
 */
export function readEnv(arg: string): Result<string | null, string> {
  const split = /^(?:-[iv0]*S|--s[a-z-]*=)[ \t]*(.*)$/.exec(arg)?.[1];
  if (split !== undefined) {
    // `env` itself interprets quotes and variables.
    if (/["'\\$]/.test(split)) return ok(null);
    const program = programAmong(split.split(/[ \t]+/));
    return program === null ? err(WITHOUT_PROGRAM) : ok(program);
  }
  if (/[ \t]/.test(arg)) {
    return err(`The script's '#!' line gives env '${arg}' as one name of a program. Write '#!/usr/bin/env -S ${arg}'.`);
  }
  return programAmong([arg]) === null ? err(WITHOUT_PROGRAM) : ok(arg);
}

function programAmong(words: readonly string[]): string | null {
  let isPastOptions = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (!isPastOptions && word.startsWith("-")) {
      if (word === "--") isPastOptions = true;
      else if (WITH_VALUE.test(word)) at++;
      continue;
    }
    isPastOptions = true;
    if (word !== "" && !word.includes("=")) return word;
  }
  return null;
}

const WITHOUT_PROGRAM =
  "The script's '#!' line names env without a program. " +
  "Write '#!/usr/bin/env python3', or with options '#!/usr/bin/env -S -i python3'.";
