/** The processes of the device at present, with the facts that are needed to end a process tree. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

export interface ProcessEntry {
  pid: number;
  parentPid: number;
  groupId: number;
  sessionId: number;
  /** Linux: clock ticks since the device started. Elsewhere a text of `ps`. */
  startTime: string;
  /** The name that the process chose for itself: on Linux at most 15 bytes, with any value. */
  name: string;
}

/** Without zombies, because they hold nothing and cannot be ended. Not for Windows. */
export function listProcesses(): ProcessEntry[] {
  if (process.platform !== "linux") return listByPs();
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const entry = readStat(name);
    if (entry && !entry.isZombie) entries.push(entry);
  }
  return entries;
}

/**
 * Also for a zombie: an ended process that its parent has not reaped. Empty when the process is
 * gone.
 */
export function startTimeOf(pid: number): string {
  if (process.platform === "linux") return readStat(String(pid))?.startTime ?? "";
  if (process.platform === "win32") return "";
  return listByPs().find((entry) => entry.pid === pid)?.startTime ?? "";
}

/**
 * Whether the process that started then still runs. False for a zombie without threads: it holds no
 * file, and its parent may never reap it. The first thread of a process that was killed is a zombie
 * while another one ends a write.
 */
export function isRunning(pid: number, startTime: string): boolean {
  if (process.platform !== "linux") return startTime !== "" && startTimeOf(pid) === startTime;
  const stat = readStat(String(pid));
  return stat !== null && stat.startTime === startTime && !(stat.isZombie && stat.threads <= 1);
}

/** Whether the initial environment of the process has all of these `NAME=value` entries. */
export function hasEnvironment(pid: number, wanted: readonly string[]): boolean {
  // An empty mark matches no process. Otherwise it would match every process.
  if (wanted.length === 0) return false;
  try {
    if (process.platform === "linux") {
      const entries = new Set(readFileSync(`/proc/${pid}/environ`, "latin1").split("\0"));
      return wanted.every((entry) => entries.has(entry));
    }
    const command = ps(["-Eww", "-p", String(pid), "-o", "command="]);
    return wanted.every((entry) => ` ${command} `.includes(` ${entry} `));
  } catch {
    // The process is gone, or its environment is not readable. In the second case, the agent did
    // not start it, or started it as another user without the right to look at it
    // (CAP_SYS_PTRACE).
    return false;
  }
}

function readStat(pid: string): (ProcessEntry & { isZombie: boolean; threads: number }) | null {
  const stat = readSmall(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name in parentheses can contain spaces and parentheses.
  const nameEnd = stat.lastIndexOf(")");
  const fields = stat.slice(nameEnd + 2).split(" ");
  const [state, parentPid, groupId, sessionId] = fields;
  return {
    pid: Number(pid),
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
    startTime: fields[19] ?? "",
    name: Buffer.from(stat.slice(stat.indexOf("(") + 1, nameEnd), "latin1").toString(),
    isZombie: state === "Z" || state === "X",
    threads: Number(fields[17]),
  };
}

/**
 * One buffer for all files. This halves the time of a table scan, because readFileSync first
 * requests the size of each file.
 */
const small = Buffer.allocUnsafeSlow(4096);

function readSmall(file: string): string | null {
  let fd: number | null = null;
  try {
    fd = openSync(file, "r");
    return small.toString("latin1", 0, readSync(fd, small, 0, small.length, null));
  } catch {
    return null;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function listByPs(): ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const line of ps(["-A", "-o", "pid=,ppid=,pgid=,stat=,lstart=,ucomm="]).split("\n")) {
    // `lstart` is five words: Thu Nov 26 10:00:00 2026.
    const found = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+((?:\S+\s+){4}\S+)\s+(.*)$/.exec(line);
    if (!found || found[4]?.startsWith("Z")) continue;
    const groupId = Number(found[3]);
    entries.push({
      pid: Number(found[1]),
      parentPid: Number(found[2]),
      groupId,
      // ps of macOS reports no usable session. A script is the leader of its group and of its
      // session.
      sessionId: groupId,
      startTime: found[5] ?? "",
      name: found[6]?.trim() ?? "",
    });
  }
  return entries;
}

function ps(args: string[]): string {
  // In another language, a start time has other words.
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  return execFileSync("/bin/ps", args, { encoding: "utf8", timeout: 10_000, maxBuffer: 32 * 1024 * 1024, env });
}
