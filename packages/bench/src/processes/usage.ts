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

export interface Memory {
  readonly rssBytes: number;
  /** A page that several processes share counts as a part for each of them. */
  readonly pssBytes: number;
}

/** Memory of a process and of all its children, which for our server are those of long queries. */
export async function memoryOf(pid: number): Promise<Memory> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "latin1");
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1]) * KIB;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "latin1");
  const pids = children.split(" ").filter((child) => child !== "");
  // A short child may have ended meanwhile.
  const ofChildren = await Promise.all(pids.map((child) => memoryOf(Number(child)).catch(() => NONE)));
  return ofChildren.reduce(
    (sum, { rssBytes, pssBytes }) => ({ rssBytes: sum.rssBytes + rssBytes, pssBytes: sum.pssBytes + pssBytes }),
    { rssBytes: bytesOf("Rss"), pssBytes: bytesOf("Pss") },
  );
}

const NONE: Memory = { rssBytes: 0, pssBytes: 0 };

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
