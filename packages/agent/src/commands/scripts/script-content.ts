/**
 * What the first bytes say about a script: byte order mark, `#!` line, program, text, line ends.
 * Pure.
 */

export type ScriptContent =
  | { kind: "empty" }
  /** `encoding` names it for people. */
  | { kind: "wideText"; encoding: string; hasMark: boolean }
  | { kind: "shebang"; line: string; isCut: boolean; hasMark: boolean }
  | { kind: "program"; format: ProgramFormat; isExecutable: boolean; machine: NodeJS.Architecture | null }
  | { kind: "binary" }
  | { kind: "text"; hasMark: boolean };

export type ProgramFormat = "ELF" | "Mach-O" | "Windows";

export const UTF8_MARK = Uint8Array.of(0xef, 0xbb, 0xbf);
/** The longest `#!` line that is examined, as in the kernel. */
export const MAX_SHEBANG_BYTES = 255;
const BINARY_CHECK_BYTES = 512;

/** @param head the first bytes, or all of a smaller script */
export function readContent(head: Uint8Array): ScriptContent {
  if (head.length === 0) return { kind: "empty" };
  // UTF-32 first, because its mark begins with the mark of UTF-16.
  if (startsWith(head, [0xff, 0xfe, 0, 0]) || startsWith(head, [0, 0, 0xfe, 0xff])) {
    return { kind: "wideText", encoding: "UTF-32", hasMark: true };
  }
  if (startsWith(head, [0xff, 0xfe]) || startsWith(head, [0xfe, 0xff])) {
    return { kind: "wideText", encoding: "UTF-16", hasMark: true };
  }
  const hasMark = startsWith(head, UTF8_MARK);
  const rest = hasMark ? head.subarray(UTF8_MARK.length) : head;
  if (rest.length === 0) return { kind: "empty" };
  if (startsWith(rest, [0x23, 0x21])) return readShebang(rest, hasMark);
  const program = readProgram(rest);
  if (program) return program;
  if (isWideWithoutMark(rest)) return { kind: "wideText", encoding: "UTF-16", hasMark: false };
  return rest.subarray(0, BINARY_CHECK_BYTES).some(isBinaryByte) ? { kind: "binary" } : { kind: "text", hasMark };
}

export interface LineEnds {
  /** How the first line ends; null when no line does. */
  first: "LF" | "CR LF" | "CR" | null;
  /** Number of the first line that ends with CR LF, counted from 1; null when none does. */
  firstCrLfLine: number | null;
}

/** Reads up to the first NUL. A script can carry an archive, which is no text. */
export function lineEnds(head: Uint8Array): LineEnds {
  const nul = head.indexOf(0);
  const text = Buffer.from(nul === -1 ? head : head.subarray(0, nul)).toString("latin1");
  const lf = text.indexOf("\n");
  const crLf = text.indexOf("\r\n");
  return {
    // A CR elsewhere in a line that ends with LF is an ordinary character.
    first: lf === -1 ? (text.includes("\r") ? "CR" : null) : crLf === lf - 1 && crLf !== -1 ? "CR LF" : "LF",
    firstCrLfLine: crLf === -1 ? null : text.slice(0, crLf).split("\n").length,
  };
}

function readShebang(text: Uint8Array, hasMark: boolean): ScriptContent {
  const end = text.indexOf(0x0a);
  const line = end === -1 ? text : text.subarray(0, end);
  if (line.subarray(0, MAX_SHEBANG_BYTES).includes(0)) return { kind: "binary" };
  return {
    kind: "shebang",
    line: Buffer.from(line.subarray(2, MAX_SHEBANG_BYTES + 1)).toString("utf8"),
    isCut: line.length > MAX_SHEBANG_BYTES,
    hasMark,
  };
}

/** By ELF's number of the processor, in the byte order of the file. */
const ELF_MACHINES: Readonly<Record<number, NodeJS.Architecture>> = {
  3: "ia32",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x64",
  183: "arm64",
  243: "riscv64",
  258: "loong64",
};

function readProgram(head: Uint8Array): ScriptContent | null {
  if (startsWith(head, [0x7f, 0x45, 0x4c, 0x46])) {
    const isBig = head[5] === 2;
    const number = (at: number) =>
      isBig ? (head[at] ?? 0) * 256 + (head[at + 1] ?? 0) : (head[at] ?? 0) + (head[at + 1] ?? 0) * 256;
    const type = number(16);
    return {
      kind: "program",
      format: "ELF",
      // 2: a program at a fixed place; 3: one that can be placed anywhere.
      isExecutable: type === 2 || type === 3,
      machine: ELF_MACHINES[number(18)] ?? null,
    };
  }
  // A 64-bit program for one processor or for several. The latter begins like a Java class, which
  // has a version at this position.
  if (startsWith(head, [0xcf, 0xfa, 0xed, 0xfe])) return machO();
  if (startsWith(head, [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0]) && (head[7] ?? 0) < 20) return machO();
  if (startsWith(head, [0x4d, 0x5a]) && head.subarray(0, BINARY_CHECK_BYTES).includes(0)) {
    return { kind: "program", format: "Windows", isExecutable: true, machine: null };
  }
  return null;
}

const machO = (): ScriptContent => ({ kind: "program", format: "Mach-O", isExecutable: true, machine: null });

/**
 * Every second byte of the beginning is NUL, as in UTF-16 of Western text that Windows programs
 * write.
 */
function isWideWithoutMark(head: Uint8Array): boolean {
  const pairs = Math.min(Math.floor(head.length / 2), 32);
  if (pairs < 2) return false;
  const nulsAt = (offset: number) => {
    let count = 0;
    for (let pair = 0; pair < pairs; pair++) if (head[pair * 2 + offset] === 0) count++;
    return count;
  };
  return (nulsAt(1) === pairs && nulsAt(0) === 0) || (nulsAt(0) === pairs && nulsAt(1) === 0);
}

/** Control characters that do not occur in text. Bell, backspace and escape do occur in scripts. */
function isBinaryByte(byte: number): boolean {
  return byte < 0x07 || (byte > 0x0d && byte < 0x20 && byte !== 0x1b) || byte === 0x7f;
}

function startsWith(bytes: Uint8Array, beginning: ArrayLike<number>): boolean {
  return bytes.length >= beginning.length && Array.from(beginning).every((byte, at) => bytes[at] === byte);
}
