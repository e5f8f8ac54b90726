import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/halligan-agent.mjs", import.meta.url));

for (const args of [["run"], ["enroll", "--server", "https://halligan.invalid", "--token-stdin"]]) {
  test(`halligan-agent ${args[0]} refuses an environment that turns the check of certificates off`, async () => {
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(
        process.execPath,
        [PROGRAM, ...args, "--data", "/nonexistent"],
        { env, timeout: 60_000 },
        (error, _, text) => resolve({ code: error?.code, stderr: text }),
      );
    });
    assert.equal(code, 1, stderr);
    assert.match(stderr, /^halligan-agent: NODE_TLS_REJECT_UNAUTHORIZED=0 turns the check of certificates off/m);
  });
}
