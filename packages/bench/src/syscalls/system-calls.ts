export interface SystemCall {
  readonly name: string;
  /** Unix milliseconds, of the same clock as `unixMs` below. */
  readonly begunMs: number;
  readonly args: string;
}

/** Finer than `Date.now`, so that a call just before a mark is not counted after it. */
export const unixMs = (): number => performance.timeOrigin + performance.now();

/**
 * A line of `strace -f -ttt` that begins a call: process, seconds, name, arguments. The line that
 * ends an interrupted one (`<... fsync resumed>`) does not match, so each call is counted once.
 */
const CALL = /^\d+ +(\d+\.\d+) ([a-z_0-9]+)\((.*)$/;

export function systemCallsOf(trace: string): SystemCall[] {
  return trace.split("\n").flatMap((line) => {
    const [, seconds, name, args] = CALL.exec(line) ?? [];
    if (seconds === undefined || name === undefined || args === undefined) return [];
    return [{ name, args, begunMs: Number(seconds) * 1_000 }];
  });
}

/** A thread is not a process: it costs a small part, and runtimes start them as they like. */
export const startsProcess = ({ name, args }: SystemCall): boolean =>
  ["clone", "clone3", "fork", "vfork"].includes(name) && !args.includes("CLONE_THREAD");

export const removesFolder = ({ name, args }: SystemCall): boolean =>
  name === "rmdir" || (name === "unlinkat" && args.includes("AT_REMOVEDIR"));

export const makesFolder = ({ name }: SystemCall): boolean => name === "mkdir" || name === "mkdirat";

export const syncs = ({ name }: SystemCall): boolean => name === "fsync" || name === "fdatasync";

/** `strace -y` shows a descriptor as `23</data/halligan.db-wal>`. */
export const isOnFile = ({ args }: SystemCall, end: string): boolean =>
  /^\d+<([^>]*)>/.exec(args)?.[1]?.endsWith(end) ?? false;

const WRITE = /^\d+<[^>]*>, "((?:[^"\\]|\\.)*)"(?:\.\.\.)?, (\d+), \d+/;

/** The shown first bytes of what a `pwrite64` writes, and how many it writes. */
export function writtenBy({ name, args }: SystemCall): { firstBytes: Buffer; sizeBytes: number } | null {
  const [, text, size] = (name === "pwrite64" && WRITE.exec(args)) || [];
  if (text === undefined || size === undefined) return null;
  return { firstBytes: Buffer.from(text.replaceAll(ESCAPE, unescaped), "latin1"), sizeBytes: Number(size) };
}

const ESCAPE = /\\([0-7]{1,3}|.)/g;
const LETTERS: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", v: "\v", f: "\f" };

function unescaped(_: string, code: string): string {
  return /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (LETTERS[code] ?? code);
}
