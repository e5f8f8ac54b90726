/**
 * The baseline of `latency` and `scripts`: the same script, spawned directly with its output
 * captured, and nothing else. It runs under the runtime of the agent, because starting a process
 * costs differently there. Requests: `{"count":N,"parallel":N,"script":FILE}`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Type } from "typebox";
import { Value } from "typebox/value";

const Request = Type.Object({
  count: Type.Integer({ minimum: 1 }),
  parallel: Type.Integer({ minimum: 1 }),
  script: Type.String(),
});

async function spawnOnce(script: string): Promise<number> {
  const begunMs = performance.now();
  // In a session of its own, as the agent does it.
  const child = spawn("/bin/sh", [script], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.resume();
  const [code] = await once(child, "close");
  if (code !== 0 || chunks.length === 0) throw new Error(`the script ended with ${code}`);
  return performance.now() - begunMs;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { count, parallel, script } = Value.Parse(Request, JSON.parse(line));
  const timesMs: number[] = [];
  let left = count;
  const begunMs = performance.now();
  const work = async () => {
    while (left > 0) {
      left -= 1;
      timesMs.push(await spawnOnce(script));
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  process.stdout.write(`${JSON.stringify({ wallMs: performance.now() - begunMs, timesMs })}\n`);
}
