import { homedir } from "node:os";
import process from "node:process";
import { InterruptedError } from "./errors/cli-error.ts";
import { EXIT } from "./errors/exit-codes.ts";
import { invoke } from "./invoke.ts";
import { cliNetwork } from "./network/cli-network.ts";

// In `halligan ... | head` the reader ends first. That is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.localFile);
  });
}

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  // Once: a second signal ends the process by its default action.
  process.once(signal, () => stopping.abort(new InterruptedError(signal)));
}

process.exitCode = await invoke(
  process.argv.slice(2),
  {
    variables: process.env,
    network: cliNetwork(process.env),
    homeFolder: homedir(),
    currentFolder: process.cwd(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  },
  stopping.signal,
);
