import { Readable, Writable } from "node:stream";
import { invoke } from "../src/invoke.ts";
import { cliNetwork } from "../src/network/cli-network.ts";
import type { Variables } from "../src/variables.ts";

/** How a call of `halligan` ended. `exitCode` is null when a signal ended its process. */
export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface Call {
  /** Home and current folder. */
  folder: string;
  variables: Variables;
  stdin?: string;
  signal?: AbortSignal;
}

/**
 * Calls `halligan` in this process, with streams and an environment of its own. A process for each
 * call costs 0.35 s of processor time. Tests of signals, pipes and the process itself start one.
 */
export async function call(args: readonly string[], { folder, variables, stdin = "", signal }: Call): Promise<Ended> {
  const stdout = new Collected();
  const stderr = new Collected();
  const exitCode = await invoke(
    args,
    {
      variables,
      network: cliNetwork(variables),
      homeFolder: folder,
      currentFolder: folder,
      stdin: Readable.from(stdin === "" ? [] : [Buffer.from(stdin)]),
      stdout,
      stderr,
    },
    signal ?? new AbortController().signal,
  );
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

class Collected extends Writable {
  readonly #chunks: Buffer[] = [];

  get text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }
}
