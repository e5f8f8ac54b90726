import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Type } from "typebox";
import { Value } from "typebox/value";

const MAIN = fileURLToPath(new URL("../../../../bench/bin/halligan-bench.mjs", import.meta.url));
const FigureLine = Type.Object({ figure: Type.String(), value: Type.Number() });

/**
 * What an action costs today, in counts, never in times. Work on performance lowers these numbers;
 * a change that has to raise one says why.
 */
const AT_MOST: Readonly<Record<string, number>> = {
  // Two on an idle machine. Where a script takes longer than 200 ms, as under strace on a busy
  // machine, its start has a commit of its own.
  "server: commits on the path": 3,
  "server: commits": 3,
  "server: fsync and fdatasync": 3,
  // 19, five for a start with its own commit, and four for pages that begin, which depends on the
  // length of the machine's name.
  "server: WAL pages": 28,
  // Two: the journal, and at the same time the owner's log. What is only written is synced after a
  // second, if no order comes before.
  "agent: fdatasync on the path": 3,
  "agent: fdatasync": 3,
  "agent: mkdir": 2,
  "agent: rmdir": 2,
  "agent: unlink": 3,
  "agent: processes started": 1,
  "agent: execve": 1,
};

const isThere = process.platform === "linux" && existsSync("/usr/bin/strace");
const skip = isThere ? false : "needs strace (.ci/install-test-programs)";

test("an action costs no more commits, pages and system calls than before", { skip, timeout: 180_000 }, async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, "--quick", "--json", "syscalls"], {
    env,
  });
  const lines = stdout.split("\n").filter((line) => line !== "");
  const counts = new Map(
    lines.map((line) => {
      const { figure, value } = Value.Parse(FigureLine, JSON.parse(line));
      return [figure, value];
    }),
  );
  for (const [figure, limit] of Object.entries(AT_MOST)) {
    const value = counts.get(figure);
    assert.ok(value !== undefined, `${figure} was not counted:\n${stderr}`);
    assert.ok(value <= limit, `${figure}: ${value}, at most ${limit}`);
  }
  // A trace that shows nothing would be within every bound.
  for (const figure of ["server: commits on the path", "server: WAL pages", "agent: processes started"]) {
    assert.ok((counts.get(figure) ?? 0) >= 1, `${figure} was not seen:\n${stderr}`);
  }
});
