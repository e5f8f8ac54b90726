/**
 * What runs a script. A first line `#!...` decides; else the ending: `.ps1` is PowerShell's, `.sh`, `.bash` and no
 * ending are bash's (sh where there is no bash). The agent reads the `#!` line itself, as the kernel would (one
 * optional argument), so that a script also runs from a file system without execute rights, and so that the usual
 * mistakes in that line are told clearly.
 */
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";

export type Interpreter =
  | { kind: "found"; file: string; args: readonly string[]; backslash: "escape" | "literal" }
  | { kind: "none"; error: string };

const SHELL_ENDINGS: ReadonlySet<string> = new Set(["", ".sh", ".bash"]);
const POWERSHELL_ARGS = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"];

/** @param head the script's first bytes, at least as many as a `#!` line has */
export function chooseInterpreter(script: string, head: Uint8Array, env: NodeJS.ProcessEnv): Interpreter {
  const ending = path.extname(script).toLowerCase();
  const isWindows = process.platform === "win32";
  const shebang = isWindows ? null : readShebang(head);
  if (shebang !== null) return fromShebang(shebang, script);
  if (ending === ".ps1") {
    const names = isWindows ? ["pwsh.exe", "powershell.exe"] : ["pwsh"];
    const file = findInPath(names, env);
    return file
      ? { kind: "found", file, args: [...POWERSHELL_ARGS, script], backslash: "literal" }
      : none("This device has no PowerShell (pwsh), which scripts named .ps1 need.");
  }
  if (SHELL_ENDINGS.has(ending)) {
    const file = findInPath(isWindows ? ["bash.exe", "sh.exe"] : ["bash", "sh"], env);
    return file
      ? { kind: "found", file, args: [script], backslash: "escape" }
      : none("This device has no bash and no sh, which shell scripts need.");
  }
  return none(
    `A script named '*${ending.slice(0, 32)}' cannot be run as it is: the agent runs .sh, .bash, .ps1, names without an ending, ` +
      "and any text that begins with a line such as '#!/usr/bin/env python3'. Wrap anything else in a script.",
  );
}

const none = (error: string): Interpreter => ({ kind: "none", error });

/** The first line after `#!`, or null. */
function readShebang(head: Uint8Array): string | null {
  const start = Buffer.from(head).toString("utf8");
  return start.startsWith("#!") ? (start.slice(2).split("\n", 1)[0] ?? "") : null;
}

function fromShebang(line: string, script: string): Interpreter {
  if (line.endsWith("\r")) {
    return none(
      "The script has Windows line ends (CR LF), so its '#!' line names no program: save it with LF line ends.",
    );
  }
  const [, file, arg] = /^[ \t]*(\S*)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (!file?.startsWith("/")) return none("The script's '#!' line does not name a program by its full path.");
  try {
    accessSync(file, constants.X_OK);
  } catch {
    return none(`This device has no program ${file}, which the script's '#!' line asks for.`);
  }
  return { kind: "found", file, args: arg ? [arg, script] : [script], backslash: "escape" };
}

/** Where a program was found the last time, by names and search path: asked first, as the search goes through many folders. */
const found = new Map<string, string>();

function findInPath(names: readonly string[], env: NodeJS.ProcessEnv): string | null {
  const fallback = process.platform === "win32" ? "C:\\Windows\\System32\\WindowsPowerShell\\v1.0" : "/usr/bin:/bin";
  const searched = `${env.PATH ?? env.Path ?? ""}${path.delimiter}${fallback}`;
  const key = `${names.join()} ${searched}`;
  const before = found.get(key);
  if (before !== undefined && isProgram(before)) return before;
  for (const name of names) {
    for (const folder of searched.split(path.delimiter)) {
      // A relative entry would find what lies in the working folder, which scripts may write.
      if (!path.isAbsolute(folder)) continue;
      const file = path.join(folder, name);
      if (!isProgram(file)) continue;
      found.set(key, file);
      return file;
    }
  }
  return null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
