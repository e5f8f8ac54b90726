import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { type MonotonicClock, systemClock } from "@halligan/protocol/time";
import { until } from "../../../protocol/test/support/until.ts";
import { LIMITS } from "../../src/limits.ts";
import { pipeSource } from "../../src/process/output-source.ts";
import { temporaryFolder } from "../support/agent-process.ts";

const options = { timeout: 60_000, skip: process.platform === "linux" ? false : "needs named pipes" };
/** The delay never ends, so only `drain` reads. */
const stopped: MonotonicClock = { monotonicMs: () => 0, after: () => () => undefined };

async function openPipe(clock: MonotonicClock) {
  const folder = await temporaryFolder();
  const file = path.join(folder.path, "pipe");
  execFileSync("mkfifo", [file]);
  const readFd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(file, "w");
  let text = "";
  let isEnded = false;
  const source = pipeSource(readFd, clock);
  const ended = source
    .read((bytes) => {
      text += Buffer.from(bytes).toString();
    })
    .then(() => {
      isEnded = true;
    });
  return {
    source,
    ended,
    readFd,
    writeFd,
    text: () => text,
    isEnded: () => isEnded,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("an ended script's output is read at once and whole, and its descriptor is closed", options, async () => {
  await using pipe = await openPipe(stopped);
  const written = "x".repeat(60_000);
  writeSync(pipe.writeFd, written);
  closeSync(pipe.writeFd);
  pipe.source.drain();
  assert.equal(pipe.text(), written);
  await pipe.ended;
  assert.throws(() => fstatSync(pipe.readFd), /EBADF/);
  pipe.source.drain();
  pipe.source.close();
});

test("what a process writes after the script's own end is read too, until it ends", options, async () => {
  await using pipe = await openPipe(stopped);
  writeSync(pipe.writeFd, "script ");
  pipe.source.drain();
  assert.equal(pipe.text(), "script ");
  writeSync(pipe.writeFd, "child");
  await until(() => pipe.text() === "script child", "the output of script and child");
  assert.equal(pipe.isEnded(), false);
  closeSync(pipe.writeFd);
  await pipe.ended;
});

test("a process that writes without end does not hold up the agent when its script has ended", options, async () => {
  await using pipe = await openPipe(stopped);
  // It fills the pipe as fast as the agent empties it.
  const writer = spawn("/bin/sh", ["-c", "exec yes"], { stdio: ["ignore", pipe.writeFd, "ignore"] });
  // SIGPIPE can end it before the source's own end is seen.
  const exited = once(writer, "exit");
  closeSync(pipe.writeFd);
  await once(writer, "spawn");
  pipe.source.drain();
  const drained = pipe.text().length;
  assert.ok(drained <= LIMITS.pipeDrainBytes + LIMITS.spoolReadBytes, `${drained} bytes in one turn`);
  await until(() => pipe.text().length > drained, "output after the drain");
  pipe.source.close();
  await pipe.ended;
  await exited;
});

test("the output of a script that runs on is read as it comes", options, async () => {
  await using pipe = await openPipe(systemClock);
  writeSync(pipe.writeFd, "first ");
  await until(() => pipe.text() === "first ", "the first output");
  writeSync(pipe.writeFd, "second");
  await until(() => pipe.text() === "first second", "the second output");
  pipe.source.drain();
  closeSync(pipe.writeFd);
  await pipe.ended;
  assert.equal(pipe.text(), "first second");
});

test("an output that is closed before anything was read ends, and a writer gets EPIPE", options, async () => {
  await using pipe = await openPipe(stopped);
  pipe.source.close();
  await pipe.ended;
  assert.throws(() => writeSync(pipe.writeFd, "x"), /EPIPE/);
  closeSync(pipe.writeFd);
});
