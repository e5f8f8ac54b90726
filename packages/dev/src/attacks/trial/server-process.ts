import { readdir, readFile } from "node:fs/promises";

const SAMPLE_MS = 50;
const KIB_PER_MIB = 1024;

/** Resident memory in MiB; 0 where there is no /proc. */
export async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "latin1").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / KIB_PER_MIB;
}

/** Open files and sockets; 0 where there is no /proc. */
export async function openDescriptors(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`).catch(() => [])).length;
}

/** The highest resident memory of a process while this is not disposed. */
export class HighestMemory implements Disposable {
  readonly #timer: NodeJS.Timeout;
  #highestMib = 0;

  constructor(pid: number) {
    this.#timer = setInterval(async () => {
      this.#highestMib = Math.max(this.#highestMib, await residentMib(pid));
    }, SAMPLE_MS);
  }

  get mib(): number {
    return this.#highestMib;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
