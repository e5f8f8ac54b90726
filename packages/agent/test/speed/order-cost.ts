/**
 * Prints what a trivial script costs: processor time of the agent and of the processes that it
 * starts, next to a baseline, which is the direct spawn of the same script from the same runtime.
 * Both alternate in the same run. With `--calls` it prints the system calls of an order as well,
 * counted by strace in a second run. Not a test: a figure of a shared machine proves nothing.
 *
 *   node packages/agent/test/speed/order-cost.ts [--orders N] [--runtime Node|Bun] [--calls]
 *
 * `--keep FILE` copies the trace of `--calls` there.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { RUNTIMES } from "../support/agent-process.ts";
import { EnrolledAgent } from "../support/enrolled-agent.ts";

const WARM_UP = 50;
const TRACED = 50;
const TEXT = "echo hello\n";
const TICK_MS = 10;
const BASELINE = path.join(import.meta.dirname, "spawn-baseline-main.ts");

const { values } = parseArgs({
  options: {
    orders: { type: "string", default: "300" },
    calls: { type: "boolean", default: false },
    runtime: { type: "string" },
    keep: { type: "string" },
  },
});
const orders = Number(values.orders);

for (const { name, file, isThere } of RUNTIMES) {
  if (!isThere || (values.runtime ?? name) !== name) continue;
  await using agent = await EnrolledAgent.start(file);
  const pid = agent.process?.child.pid ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const idle = memoryOf(pid);
  const script = path.join(agent.folder.path, "a.sh");
  writeFileSync(script, TEXT);
  const baseline = spawn(file, [BASELINE], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: baseline.stdout });
  const round = async () => {
    baseline.stdin.write(`${script}\n`);
    await once(lines, "line");
    const { transcript } = await agent.run(TEXT);
    if (transcript?.script_output !== "hello\n") throw new Error(`the output is ${transcript?.script_output}`);
    // What follows the end belongs to it.
    await new Promise((resolve) => setTimeout(resolve, 15));
  };
  for (let count = 0; count < WARM_UP; count++) await round();
  const pids = [pid, baseline.pid ?? 0];
  const before = pids.map(timesOf);
  for (let count = 0; count < orders; count++) await round();
  const [ofAgent = "", bare = ""] = pids.map((of, at) => perOrder(before[at], timesOf(of)));
  console.log(`${name}: agent ${ofAgent}; direct spawn ${bare}`);
  console.log(`  memory: ${idle}; after the orders ${memoryOf(pid)}`);
  if (values.calls) await printCalls(pid, agent.folder.path, round);
  baseline.stdin.end();
  await once(baseline, "close");
}

interface Times {
  ownMs: number;
  childrenMs: number;
}

function timesOf(pid: number): Times {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return { ownMs: (user + system) * TICK_MS, childrenMs: (childUser + childSystem) * TICK_MS };
}

function perOrder(from: Times | undefined, to: Times): string {
  const own = (to.ownMs - (from?.ownMs ?? 0)) / orders;
  const children = (to.childrenMs - (from?.childrenMs ?? 0)) / orders;
  return `${(own + children).toFixed(2)} ms (${own.toFixed(2)} own, ${children.toFixed(2)} of its children)`;
}

function memoryOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const mb = (field: string) => (Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(text)?.[1]) / 1024).toFixed(0);
  return `${mb("Rss")} MB RSS, ${mb("Pss")} MB PSS, ${mb("Private_Dirty")} MB of its own`;
}

async function printCalls(pid: number, folder: string, round: () => Promise<void>): Promise<void> {
  const report = path.join(folder, "calls");
  const strace = spawn("strace", ["-f", "-s", "0", "-o", report, "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await once(strace.stderr, "data");
  for (let count = 0; count < TRACED; count++) await round();
  strace.kill("SIGINT");
  await once(strace, "close");
  const threads = new Set(readdirSync(`/proc/${pid}/task`));
  const calls = readFileSync(report, "latin1")
    .split("\n")
    .flatMap((line) => {
      const [, thread, call] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
      return thread === undefined || call === undefined ? [] : [{ isOwn: threads.has(thread), call }];
    });
  for (const isOwn of [true, false]) {
    const counts = new Map<string, number>();
    for (const one of calls) if (one.isOwn === isOwn) counts.set(one.call, (counts.get(one.call) ?? 0) + 1);
    const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([call, count]) => ({ call, count: count / TRACED }));
    const total = sorted.reduce((sum, { count }) => sum + count, 0);
    const text = sorted.filter(({ count }) => count >= 0.1).map(({ call, count }) => `${call} ${count.toFixed(1)}`);
    console.log(`  ${isOwn ? "agent" : "its children"}: ${total.toFixed(0)} calls: ${text.join(", ")}`);
  }
  if (values.keep) copyFileSync(report, values.keep);
}
