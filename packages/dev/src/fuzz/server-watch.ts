import { readFile } from "node:fs/promises";
import type { Program } from "../program.ts";
import type { Violations } from "../torture/violations.ts";

const SAMPLE_INTERVAL_MS = 250;

/**
 * Watches an attacked server. Violations are: a logged error, an output line that is not a log
 * record, and the end of the process. Also samples its memory.
 */
export class ServerWatch implements Disposable {
  readonly #violations: Violations;
  readonly #samples: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  readonly onLine = (program: string, line: string): void => {
    if (program !== "server") return;
    // Text of an attacker that could break out of its line could forge others.
    if (!/^\{"level":\d+,.*\}$/.test(line))
      this.#violations.add(`the server wrote a line that is not a log record: ${cut(line)}`);
    else if (/^\{"level":[56]0/.test(line)) this.#violations.add(`the server logged an error: ${cut(line)}`);
  };

  begin(server: Program): void {
    void server.exited.then((code) => {
      if (!this.#isOver) this.#violations.add(`the server ended with ${code}:\n${cut(server.output.slice(-3_000))}`);
    });
    this.#timer = setInterval(() => void this.#sample(server.pid), SAMPLE_INTERVAL_MS);
  }

  /**
   * Resident bytes after the warm-up (the second tenth of the run), at the end (its last tenth),
   * and at most.
   */
  memory(): { warmBytes: number; endBytes: number; mostBytes: number } {
    const tenth = Math.max(1, Math.floor(this.#samples.length / 10));
    return {
      warmBytes: median(this.#samples.slice(tenth, 2 * tenth)),
      endBytes: median(this.#samples.slice(-tenth)),
      mostBytes: Math.max(0, ...this.#samples),
    };
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearInterval(this.#timer);
  }

  async #sample(pid: number): Promise<void> {
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const kib = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0);
    if (kib > 0) this.#samples.push(kib * 1024);
  }
}

const cut = (text: string) => text.slice(0, 1_500);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
