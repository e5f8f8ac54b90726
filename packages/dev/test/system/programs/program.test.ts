import assert from "node:assert/strict";
import { test } from "node:test";
import { Program } from "../../../src/program.ts";

const skip = process.platform === "win32" ? "the program is a shell script" : false;

test("a program has exited although a process that it started holds its output open", { skip }, async () => {
  await using program = new Program("shell", {
    command: "sh",
    args: ["-c", "sleep 60 & echo $!; exit 3"],
    env: { PATH: process.env.PATH ?? "" },
  });
  const pid = Number(await program.line(() => true));
  try {
    assert.equal(await program.exited, 3);
    assert.equal(process.kill(pid, 0), true, "the other process still runs");
  } finally {
    process.kill(pid, "SIGKILL");
  }
});
