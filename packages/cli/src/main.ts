import { writeSync } from "node:fs";
import { homedir } from "node:os";
import process from "node:process";
import type { Environment } from "./environment.ts";
import { InterruptedError } from "./errors/cli-error.ts";
import { EXIT } from "./errors/exit-codes.ts";
import { aboutHalligan, invoke, wantsJson, wantsUtc } from "./invoke.ts";
import { lazyNetwork } from "./network/lazy-network.ts";

/** In `halligan ... | head` the reader ends first. That is no error. */
function endWithReader<Stream extends NodeJS.WriteStream>(stream: Stream): Stream {
  return stream.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.localFile);
  });
}

// Each stream is opened when it is used, because opening one takes milliseconds of processor time.
let stdout: NodeJS.WriteStream | undefined;
let stderr: NodeJS.WriteStream | undefined;

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Once: a second signal ends the process by its default action.
  process.once(signal, () => stopping.abort(new InterruptedError(signal)));
}

const argv = process.argv.slice(2);
const environment: Environment = {
  variables: process.env,
  network: lazyNetwork(process.env),
  homeFolder: homedir(),
  currentFolder: process.cwd(),
  get stdin() {
    return process.stdin;
  },
  get stdout() {
    stdout ??= endWithReader(process.stdout);
    return stdout;
  },
  get stderr() {
    stderr ??= endWithReader(process.stderr);
    return stderr;
  },
};
/**
 * Writes a short text without the runtime's stream, which takes half of the processor time of such
 * a call. The stream gets what cannot be written now, as to a full pipe.
 */
function writeNow(text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    written = writeSync(1, bytes);
  } catch {
    // The stream reports the error.
  }
  if (written < bytes.length) environment.stdout.write(bytes.subarray(written));
}

// All times for people are made in the zone of the process.
if (wantsUtc(argv)) process.env.TZ = "UTC";

// An error is reported by invoke.
const about = wantsJson(argv) ? null : await aboutHalligan(argv).catch(() => null);
if (about !== null) writeNow(about.text);
else process.exitCode = await invoke(argv, environment, stopping.signal);
