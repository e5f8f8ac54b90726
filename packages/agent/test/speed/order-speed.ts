/**
 * Prints how long a trivial script takes from `order` to `ended`, next to a baseline: a direct
 * spawn of the same script with its output captured. Both alternate in the same run, so a busy
 * machine slows both alike. Not a test: a figure of a shared machine proves nothing.
 *
 *   node packages/agent/test/speed/order-speed.ts [orders]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { performance } from "node:perf_hooks";
import { AgentProcess, RUNTIMES, temporaryFolder } from "../support/agent-process.ts";
import { FakeServer } from "../support/fake-server.ts";

const ROUNDS = Number(process.argv[2] ?? 200);
const TEXT = "echo hello\n";

for (const runtime of RUNTIMES.filter(({ isThere }) => isThere)) {
  await using folder = await temporaryFolder();
  await using server = new FakeServer();
  const root = path.join(folder.path, "data");
  const script = path.join(folder.path, "a.sh");
  await writeFile(script, TEXT);
  const enroll = ["enroll", "--server", await server.listen(), "--data", root];
  {
    await using enrolling = new AgentProcess(runtime.file, enroll, { env: { HALLIGAN_ENROLLMENT_TOKEN: "t" } });
    await enrolling.exited;
  }
  await using _agent = new AgentProcess(runtime.file, ["run", "--data", root]);
  await server.frame("hello");
  const file = server.addFile(TEXT);
  const [orders, baseline]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    baseline.push(await timed(() => direct(script)));
    // The one before is forgotten by then.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const from = server.frames.length;
    const order = server.order([{ index: 0, type: "RunScript", scriptName: "a.sh", args: null, file }]);
    orders.push(
      await timed(async () => {
        server.sendOrder(order);
        await server.frame("ended", () => true, from);
      }),
    );
  }
  console.log(`${runtime.name}: order to ended ${figures(orders)}; direct spawn from here ${figures(baseline)}`);
}

async function direct(script: string): Promise<void> {
  const child = spawn("/bin/bash", [script], { stdio: ["ignore", "pipe", "pipe"], detached: true });
  child.stdout.resume();
  child.stderr.resume();
  await once(child, "close");
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function figures(list: readonly number[]): string {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  return `p10 ${at(0.1)} p50 ${at(0.5)} p95 ${at(0.95)} ms`;
}
