import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "@halligan/protocol/time";
import { lockFolder } from "../../src/identity/folder-lock.ts";
import { startTimeOf } from "../../src/process/tree/process-table.ts";
import { temporaryFolder } from "../support/agent-process.ts";

const MAIN = fileURLToPath(new URL("../support/lock-main.ts", import.meta.url));
const RESTARTS = 6;

const isPosix = process.platform === "win32" ? "processes have no start time here" : false;

/** The lock as process `pid` writes it. */
const lockOf = (pid: number) => `${pid} boot ${startTimeOf(pid)}\n`;

test("an agent starts again at once after each of many kills", { skip: isPosix }, async () => {
  await using folder = await temporaryFolder();
  let last: ChildProcess | undefined;
  const starts: Promise<string>[] = [];
  for (let n = 0; n < RESTARTS; n += 1) {
    // Not waited for: the next one begins while this one ends.
    last?.kill("SIGKILL");
    const next = spawn(process.execPath, [MAIN, folder.path], { stdio: ["ignore", "pipe", "pipe"] });
    const errors = text(next.stderr);
    const locked = await Promise.race([
      once(next.stdout, "data").then(String),
      once(next, "exit").then(async () => await errors),
    ]);
    starts.push(Promise.resolve(locked));
    last = next;
  }
  last?.kill("SIGKILL");
  assert.deepEqual(new Set(await Promise.all(starts)), new Set(["locked\n"]));
});

test("a holder that ends meanwhile is waited for, and one that runs on is refused by its number", {
  skip: isPosix,
}, async () => {
  await using folder = await temporaryFolder();
  const holder = spawn("sleep", ["600"]);
  await once(holder, "spawn");
  const pid = holder.pid ?? 0;
  await writeFile(path.join(folder.path, "agent.lock"), lockOf(pid));
  const message = new RegExp(`Another agent \\(process ${pid}\\) runs with`);
  await assert.rejects(lockFolder(folder.path, "boot", systemClock), message);
  const stopped = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(lockFolder(folder.path, "boot", systemClock, stopped), /stopped/);
  const locking = lockFolder(folder.path, "boot", systemClock);
  holder.kill("SIGKILL");
  await using _lock = await locking;
});

test("a holder that ended and was not reaped by its parent holds nothing", {
  skip: process.platform === "linux" ? false : "the state of a process is read from /proc",
}, async () => {
  await using folder = await temporaryFolder();
  // The shell replaces itself by a program that never waits for the child.
  const parent = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 600"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    const startTime = startTimeOf(pid);
    assert.notEqual(startTime, "", "the zombie is still in the table of processes");
    await writeFile(path.join(folder.path, "agent.lock"), lockOf(pid));
    await using _lock = await lockFolder(folder.path, "boot", systemClock);
  } finally {
    parent.kill("SIGKILL");
  }
});
