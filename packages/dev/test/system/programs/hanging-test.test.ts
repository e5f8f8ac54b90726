import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), "halligan-hanging-"));
after(() => rm(folder, { recursive: true, force: true }));
const npmTest = fileURLToPath(new URL("../../../bin/halligan-test.mjs", import.meta.url));

test("npm test ends a test that never ends, names it, and ends the loop that it left behind", async () => {
  const file = join(folder, "endless.test.mjs");
  await writeFile(
    file,
    `import { test } from "node:test";
     test("waits without end", async () => { for (;;) await new Promise((go) => setTimeout(go, 10)); });`,
  );
  const { NODE_TEST_CONTEXT: _, ...outer } = process.env;
  const env = { ...outer, HALLIGAN_TEST_LIMIT_MS: "200", HALLIGAN_TEST_FILE_LIMIT_MS: "1500" };
  const ended = run(process.execPath, [npmTest, file], { env });
  const failure = await assert.rejects(ended).then(() => ended.catch((error: unknown) => error));
  assert.ok(failure instanceof Error && "stdout" in failure && "stderr" in failure);
  const output = `${failure.stdout}${failure.stderr}`;
  assert.match(output, /waits without end/);
  assert.match(output, /test timed out after 200ms/);
  assert.match(output, /endless\.test\.mjs still runs after 1\.5 s\. It waits for: .*Timeout/);
});
