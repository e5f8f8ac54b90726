import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { systemClock } from "@halligan/protocol/time";
import { ownersLogFolder } from "../../src/owners-log/log-files.ts";
import { parseLogLine } from "../../src/owners-log/log-record.ts";
import { logText } from "../../src/owners-log/log-text.ts";
import { LogWriter } from "../../src/owners-log/log-writer.ts";
import { LogReader } from "../../src/owners-log/read-log.ts";
import { temporaryFolder } from "../support/agent-process.ts";
import { silentLog } from "../support/fake-ports.ts";
import { noSmallDisk, smallDisk } from "../support/small-disk.ts";

const entry = (n: number, words = 0) => ({
  event: "notTaken" as const,
  actionId: `action-${n}`,
  reason: "x".repeat(words),
});

function writerOn(root: string, settings = { ownersLogBytes: 64 * 1024, ownersLogFiles: 3 }): LogWriter {
  return new LogWriter({ root, clock: systemClock, log: silentLog, settings });
}

async function numbersIn(reader: LogReader): Promise<number[]> {
  const numbers: number[] = [];
  for await (const line of reader.newLines()) {
    numbers.push(Number(parseLogLine(line)?.actionId?.replace("action-", "")));
  }
  return numbers;
}

test("the log is bounded in size and number of files, and a reader gets each line once while it rotates", async () => {
  await using folder = await temporaryFolder();
  using writer = writerOn(folder.path);
  const reader = new LogReader(ownersLogFolder(folder.path));
  const seen: number[] = [];
  for (let n = 0; n < 400; n++) {
    writer.write(entry(n, 1_000));
    if (n % 40 === 0) seen.push(...(await numbersIn(reader)));
  }
  seen.push(...(await numbersIn(reader)));
  assert.deepEqual(
    seen,
    Array.from({ length: 400 }, (_, n) => n),
  );
  const log = ownersLogFolder(folder.path);
  assert.deepEqual(readdirSync(log).sort(), ["log.1.jsonl", "log.2.jsonl", "log.jsonl"]);
  for (const name of readdirSync(log)) {
    assert.ok(statSync(path.join(log, name)).size <= 64 * 1024);
    assert.equal(statSync(path.join(log, name)).mode & 0o777, 0o600);
  }
  const kept = await numbersIn(new LogReader(log));
  assert.equal(kept.at(-1), 399);
  assert.ok(kept.length < 200);
});

test("a line that a power cut has cut off spoils no other line", async () => {
  await using folder = await temporaryFolder();
  {
    using writer = writerOn(folder.path);
    writer.write(entry(1));
  }
  appendFileSync(path.join(ownersLogFolder(folder.path), "log.jsonl"), '{"v":1,"at":"20');
  using writer = writerOn(folder.path);
  writer.write(entry(2));
  assert.deepEqual(await numbersIn(new LogReader(ownersLogFolder(folder.path))), [1, Number.NaN, 2]);
});

test("a file that a script has removed is made again", async () => {
  await using folder = await temporaryFolder();
  using writer = writerOn(folder.path);
  writer.write(entry(1));
  rmSync(ownersLogFolder(folder.path), { recursive: true });
  writer.write(entry(2));
  await writer.synced();
  assert.deepEqual(await numbersIn(new LogReader(ownersLogFolder(folder.path))), [2]);
});

test("on a full disk no order is taken, an end waits for room, and nothing is half written", {
  skip: noSmallDisk,
}, async () => {
  await using disk = await smallDisk(128);
  using writer = writerOn(disk.path);
  writer.require(entry(1));
  await writer.synced();
  disk.fill();
  // What is left of the last page of the file takes some lines.
  assert.throws(() => {
    for (let n = 0; n < 10; n++) writer.require(entry(0, 1_000));
  }, /ENOSPC/);
  writer.write(entry(2, 1_000));
  assert.throws(() => writer.require(entry(3)), /ENOSPC/);
  await assert.rejects(writer.synced(), /ENOSPC/);
  disk.makeRoom();
  await writer.synced();
  writer.require(entry(4));
  const lines = readFileSync(path.join(ownersLogFolder(disk.path), "log.jsonl"), "utf8")
    .trim()
    .split("\n");
  const numbers = lines.map((line) => Number(parseLogLine(line)?.actionId?.replace("action-", "")));
  assert.deepEqual([numbers[0], ...numbers.slice(-2)], [1, 2, 4]);
  assert.ok(numbers.slice(1, -2).every((n) => n === 0));
});

test("a line for people shows control and direction characters as numbers", () => {
  const origin = {
    requestor: "An\u001b[31mn",
    requestorId: "u\u202e1",
    application: "app",
    comment: "a\nb",
    requestedMs: 1,
  };
  const line = JSON.stringify({
    v: 1,
    at: "2026-11-28T12:00:00.000Z",
    event: "accepted",
    actionId: "a-1",
    orderSeq: 1,
    origin,
    commands: [{ index: 0, type: "RunScript", target: "x.sh", args: "-v", sha256: "00" }],
  });
  const record = parseLogLine(line);
  assert.ok(record);
  const text = logText(record);
  assert.match(text, /^2026-11-2\d \d\d:\d\d:00 [+-]\d\d:\d\d {2}accepted/);
  assert.ok(
    text.endsWith(
      'action a-1  by An\\u{1b}[31mn (u\\u{202e}1 through app): "a\\nb"  RunScript x.sh args "-v" sha256 00',
    ),
    text,
  );
});
