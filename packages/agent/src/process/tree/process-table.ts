/** What runs on the device now, as far as ending a process tree needs it. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";

export interface ProcessEntry {
  pid: number;
  parentPid: number;
  groupId: number;
  sessionId: number;
  /** Linux: clock ticks since the device started. Elsewhere a text of `ps`. */
  startTime: string;
  /** As the process calls itself: on Linux 15 bytes at most, of any value. */
  name: string;
}

/** Without zombies: they hold nothing and cannot be ended. Not for Windows. */
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

/** Also for a zombie: a process that has ended already and was not asked for its end yet. Empty when it is gone. */
export function startTimeOf(pid: number): string {
  if (process.platform === "linux") return readStat(String(pid))?.startTime ?? "";
  if (process.platform === "win32") return "";
  return listByPs().find((entry) => entry.pid === pid)?.startTime ?? "";
}

/** Whether all of these `NAME=value` entries stand in the environment with which the process was started. */
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
    // Gone, or of a user whose environment we may not read, which then was not started by us.
    return false;
  }
}

function readStat(pid: string): (ProcessEntry & { isZombie: boolean }) | null {
  const stat = readSmall(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The name in parentheses may hold spaces and parentheses of its own.
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
  };
}

/** One buffer for all: a look at the whole table takes half the time of readFileSync, which asks for each file's size first. */
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
      // ps of macOS tells no usable session; a script is the leader of its group and its session alike.
      sessionId: groupId,
      startTime: found[5] ?? "",
      name: found[6]?.trim() ?? "",
    });
  }
  return entries;
}

function ps(args: string[]): string {
  // In another language a start time has other words.
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  return execFileSync("/bin/ps", args, { encoding: "utf8", timeout: 10_000, maxBuffer: 32 * 1024 * 1024, env });
}
