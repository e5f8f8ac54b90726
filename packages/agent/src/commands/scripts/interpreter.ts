/**
 * Chooses what runs a script, by the table of docs/scripts.md. A `#!` line comes first, then a
 * program format of this device, then the ending of the name. A script that would fail with a
 * misleading error is refused, and the message names the remedy.
 *
 * The agent reads the `#!` line itself, as the kernel would (one optional argument), so that a
 * script also runs from a file system without execute rights, and so that the messages about the
 * usual mistakes in that line are clear.
 */
import path from "node:path";
import { readEnv } from "./env-line.ts";
import { lineEnds, readContent, type ScriptContent } from "./script-content.ts";

export interface Found {
  kind: "found";
  file: string;
  args: readonly string[];
  backslash: "escape" | "literal";
  /**
   * The copy that runs lacks the byte order mark, because its interpreter would take that for a
   * part of the first line.
   */
  withoutMark: boolean;
  /** Sentences for people about a script that runs nevertheless. */
  notes: readonly string[];
}
export type Interpreter = Found | { kind: "none"; error: string };

/** The properties of the device that decide. */
export interface Device {
  platform: NodeJS.Platform;
  arch: NodeJS.Architecture;
  /** The path of the first of these programs in the search path of scripts. */
  find(names: readonly string[]): string | null;
  /** Whether this is an executable file. A file system can forbid execution. */
  isProgram(file: string): boolean;
}

interface Rule {
  names: readonly string[];
  windowsNames: readonly string[];
  args?: readonly string[];
  backslash?: "literal";
}

const SHELL: Rule = { names: ["bash", "sh"], windowsNames: ["bash.exe", "sh.exe"] };
const NODE: Rule = { names: ["node", "nodejs"], windowsNames: ["node.exe"] };
const BY_ENDING: Readonly<Record<string, Rule>> = {
  "": SHELL,
  ".sh": SHELL,
  ".bash": SHELL,
  ".py": { names: ["python3", "python"], windowsNames: ["python.exe", "py.exe"] },
  ".pl": { names: ["perl"], windowsNames: ["perl.exe"] },
  ".rb": { names: ["ruby"], windowsNames: ["ruby.exe"] },
  ".js": NODE,
  ".mjs": NODE,
  ".cjs": NODE,
  ".ps1": {
    names: ["pwsh"],
    windowsNames: ["pwsh.exe", "powershell.exe"],
    args: ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"],
    backslash: "literal",
  },
};

const SHELLS = /^(ba|da|a|k|mk|z|pdk)?sh[0-9.]*$/;
/** They recognise a byte order mark. */
const MARK_READERS = /^(python|perl|ruby|node|nodejs|bun|deno|pwsh|powershell)[0-9.]*(\.exe)?$/i;

/**
 * @param head the script's first bytes, at least {@link LIMITS.maxScriptHeadBytes} or all of them
 */
export function chooseInterpreter(script: string, head: Uint8Array, device: Device): Interpreter {
  const content = readContent(head);
  const ending = path.extname(script).toLowerCase();
  switch (content.kind) {
    case "empty":
      return none("The script is empty, so there is nothing to run. Upload the file again.");
    case "wideText":
      if (ending === ".ps1" && content.hasMark) return byEnding(ending, script, head, device, false);
      return none(`The script is ${content.encoding} text, which its interpreter does not read. Save it as UTF-8.`);
    case "program":
      return asProgram(content, script, device);
    case "binary":
      return none(
        "The file is neither text nor a program of this device, so nothing can run it. " +
          "Put it on the device with PutFile and run a script that uses it.",
      );
    case "shebang":
      // Windows has no such line.
      return device.platform === "win32"
        ? byEnding(ending, script, head, device, content.hasMark)
        : fromShebang(content, script, head, device);
    case "text":
      return byEnding(ending, script, head, device, content.hasMark);
  }
}

const none = (error: string): Interpreter => ({ kind: "none", error });

function byEnding(ending: string, script: string, head: Uint8Array, device: Device, hasMark: boolean): Interpreter {
  const rule = Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
  if (!rule) {
    return none(
      `The agent does not know what runs a script named '*${ending.slice(0, 32)}'. ` +
        `Begin it with a line such as '#!/usr/bin/env python3', or give it one of the endings ${knownEndings()}.`,
    );
  }
  const names = device.platform === "win32" ? rule.windowsNames : rule.names;
  const file = device.find(names);
  if (!file) {
    const what = rule === SHELL ? "shell scripts" : `scripts named '*${ending}'`;
    const line = device.platform === "win32" ? "" : ", or begin the script with a '#!' line that names another program";
    return none(`This device has no ${names.join(" and no ")}, which ${what} need. Install it${line}.`);
  }
  return checked(path.basename(file), head, hasMark, {
    file,
    args: [...(rule.args ?? []), script],
    backslash: rule.backslash ?? "escape",
  });
}

function knownEndings(): string {
  return Object.keys(BY_ENDING)
    .filter((ending) => ending !== "")
    .join(", ");
}

function asProgram(content: ScriptContent & { kind: "program" }, script: string, device: Device): Interpreter {
  const { platform, arch } = device;
  const isOurs =
    (content.format === "ELF" && platform === "linux") ||
    (content.format === "Mach-O" && platform === "darwin") ||
    (content.format === "Windows" && platform === "win32" && path.extname(script).toLowerCase() === ".exe");
  const machine = content.machine ?? (content.format === "ELF" ? "another processor" : null);
  const fits = machine === null || machine === arch || (machine === "ia32" && arch === "x64");
  if (!isOurs || !fits || !content.isExecutable) {
    const of = machine === null ? "" : ` for ${machine}`;
    const what = content.isExecutable
      ? `a program (${content.format}${of})`
      : `a library or object file (${content.format}${of})`;
    return none(`The file is ${what}; this device is ${platform} on ${arch} and cannot run it. Upload a build for it.`);
  }
  if (!device.isProgram(script)) {
    return none(
      "The file is a program, but the agent's data folder lies on a file system without execute rights (noexec). " +
        "Mount it with execute rights, or give the agent another data folder.",
    );
  }
  return { kind: "found", file: script, args: [], backslash: "escape", withoutMark: false, notes: [] };
}

const CR_LF_REMEDY = "Save it with LF line ends, for example with dos2unix.";

function fromShebang(
  content: ScriptContent & { kind: "shebang" },
  script: string,
  head: Uint8Array,
  device: Device,
): Interpreter {
  const { line } = content;
  if (line.includes("\r")) {
    return none(`The script has Windows line ends (CR LF), so its '#!' line names no program. ${CR_LF_REMEDY}`);
  }
  if (content.isCut) return none("The script's '#!' line is longer than 255 bytes. Shorten it.");
  const [, file = "", arg = ""] = /^[ \t]*(\S*)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (!file.startsWith("/")) {
    const given = file === "" ? "names no program" : `names '${file}', which is not a full path`;
    return none(`The script's '#!' line ${given}. Write one such as '#!/bin/bash' or '#!/usr/bin/env python3'.`);
  }
  if (!device.isProgram(file)) {
    return none(
      `This device has no program ${file}, which the script's '#!' line names. Install it or name another one.`,
    );
  }
  let program = path.basename(file);
  if (program === "env") {
    const named = readEnv(arg);
    if (!named.ok) return none(named.error);
    if (named.value !== null) {
      if (!named.value.includes("/") && device.find([named.value]) === null) {
        return none(
          `This device has no program ${named.value} in the PATH of scripts, which the script's '#!' line names. ` +
            "Install it or name another one by its full path.",
        );
      }
      program = path.basename(named.value);
    }
  }
  return checked(program, head, content.hasMark, {
    file,
    args: arg === "" ? [script] : [arg, script],
    backslash: "escape",
  });
}

/** Checks line ends and byte order mark, if the program would read them as text. */
function checked(
  program: string,
  head: Uint8Array,
  hasMark: boolean,
  found: Pick<Found, "file" | "args" | "backslash">,
): Interpreter {
  const isShell = SHELLS.test(program.replace(/\.exe$/i, "")) || program === "busybox";
  const notes: string[] = [];
  if (isShell) {
    const ends = lineEnds(head);
    if (ends.first === "CR LF" || ends.first === "CR") {
      const name = ends.first === "CR LF" ? "Windows line ends (CR LF)" : "old line ends (CR)";
      return none(`The script has ${name}, which a shell takes for a part of each command. ${CR_LF_REMEDY}`);
    }
    if (ends.firstCrLfLine !== null) {
      notes.push(
        `The script has both kinds of line ends: line ${ends.firstCrLfLine} is the first that ends with CR LF, and a shell takes ` +
          `the CR for a part of it. ${CR_LF_REMEDY}`,
      );
    }
  }
  const withoutMark = hasMark && !MARK_READERS.test(program);
  return { kind: "found", ...found, withoutMark, notes };
}
