import { readFile } from "node:fs/promises";

const SAMPLE_MS = 50;
/** USER_HZ: 100 on every Linux that runs Node. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

/** Resident memory of a process in bytes. Linux only: elsewhere the benches that need it say so. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "latin1");
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no memory to be seen`);
  return Number(kib) * KIB;
}

/** Processor time that a process has used, in milliseconds, with that of its threads. */
export async function processorMs(pid: number): Promise<number> {
  return (await processorTimes(pid)).ownMs;
}

/** The same, and that of the children which it has waited for, with their children. */
export async function processorTimes(pid: number): Promise<{ ownMs: number; childrenMs: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, "latin1");
  // The name, which may hold spaces, ends with the last bracket; utime, stime, cutime and cstime
  // are the 14th to 17th field.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const sumMs = (first: number) => ((Number(fields[first]) + Number(fields[first + 1])) * 1000) / TICKS_PER_SECOND;
  return { ownMs: sumMs(11), childrenMs: sumMs(13) };
}

/** Watches how far the memory of a process grows above what it is now. */
export class MemoryWatch implements Disposable {
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  readonly #atStartBytes: number;
  #highestBytes: number;

  private constructor(pid: number, atStartBytes: number) {
    this.#pid = pid;
    this.#atStartBytes = atStartBytes;
    this.#highestBytes = atStartBytes;
    this.#timer = setInterval(() => void this.#sample(), SAMPLE_MS);
  }

  static async of(pid: number): Promise<MemoryWatch> {
    return new MemoryWatch(pid, await residentBytes(pid));
  }

  get grownBytes(): number {
    return this.#highestBytes - this.#atStartBytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #sample(): Promise<void> {
    // The process may have ended meanwhile. Its owner reports that.
    const bytes = await residentBytes(this.#pid).catch(() => 0);
    this.#highestBytes = Math.max(this.#highestBytes, bytes);
  }
}

export const hasProcessFiles = process.platform === "linux";
