/**
 * Spawns a script directly, once for each line of its input, and writes a line when it has ended.
 * The baseline of `order-cost.ts`, under the runtime that executes this file.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

for await (const script of createInterface({ input: process.stdin })) {
  const child = spawn("/bin/bash", [script], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  child.stdout.resume();
  child.stderr.resume();
  await once(child, "close");
  process.stdout.write("done\n");
}
