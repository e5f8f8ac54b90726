import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { OutputSpool } from "../../src/commands/output/output-spool.ts";
import { temporaryFolder } from "../support/agent-process.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("what is written is there before the end, and nothing is lost", async () => {
  await using folder = await temporaryFolder();
  const file = path.join(folder.path, "a");
  const spool = new OutputSpool(file, 100);
  spool.write(bytes("one "));
  spool.write(bytes("two"));
  assert.equal(readFileSync(file, "utf8"), "one two");
  assert.equal(spool.finish(), null);
});

test("a disk that cannot be written does not fail the script, and the end reports it", async () => {
  await using folder = await temporaryFolder();
  // Any reason will do where the tests cannot fill a disk: here its folder is missing at first.
  const missing = path.join(folder.path, "missing");
  const file = path.join(missing, "a");
  const spool = new OutputSpool(file, 1000);
  spool.write(bytes("lost"));
  spool.write(bytes("too"));
  mkdirSync(missing);
  spool.write(bytes("kept"));
  const note = "\n[halligan: 7 bytes of output lost here: it does not exist]\n";
  assert.equal(readFileSync(file, "utf8"), `${note}kept`);
  assert.deepEqual(spool.finish(), {
    error: "7 bytes of the script's output could not be kept: it does not exist.",
    isNoted: true,
  });
  rmSync(missing, { recursive: true });
  const never = new OutputSpool(file, 1000);
  never.write(bytes("lost"));
  assert.equal(never.finish()?.isNoted, false);
});

test("nothing is made where a script wrote nothing", async () => {
  await using folder = await temporaryFolder();
  chmodSync(folder.path, 0o700);
  const file = path.join(folder.path, "a");
  assert.equal(new OutputSpool(file, 10).finish(), null);
  assert.throws(() => readFileSync(file), /ENOENT/);
});
