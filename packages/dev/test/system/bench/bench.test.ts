import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Type } from "typebox";
import { Value } from "typebox/value";

const MAIN = fileURLToPath(new URL("../../../../bench/bin/halligan-bench.mjs", import.meta.url));

/**
 * The line that issue and documents promise; whether a goal is met on a busy machine says nothing
 * here.
 */
const FigureLine = Type.Object(
  {
    bench: Type.String(),
    figure: Type.String(),
    value: Type.Number(),
    unit: Type.String(),
    floor: Type.Union([Type.Number(), Type.Null()]),
    ratio: Type.Union([Type.Number(), Type.Null()]),
    goal: Type.Union([Type.String(), Type.Null()]),
    met: Type.Union([Type.Boolean(), Type.Null()]),
  },
  { additionalProperties: false },
);

/** One of them; all: `npm run bench -- --quick`, a minute. */
const BENCHES = ["intake"];
const skip = process.platform === "win32" ? "the scripts of the benches are shell scripts" : false;

test("bench smoke: a bench runs and prints its figures", { skip, timeout: 120_000 }, async () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [MAIN, "--quick", "--json", ...BENCHES], {
    env,
  });
  const figures = stdout
    .trimEnd()
    .split("\n")
    .map((line) => Value.Parse(FigureLine, JSON.parse(line)));
  const benches = new Set(figures.map(({ bench }) => bench));
  for (const name of BENCHES) assert.ok(benches.has(name), `${name} printed no figure:\n${stderr}`);
  for (const { figure, value, goal, met } of figures) {
    assert.ok(Number.isFinite(value), `${figure} is ${value}`);
    assert.equal(met === null, goal === null, `${figure} has a goal and no verdict, or the other way round`);
  }
});

test("a bench that does not exist is refused by name", async () => {
  const run = promisify(execFile)(process.execPath, [MAIN, "nonsense"]);
  await assert.rejects(run, (failure: { code?: unknown; stderr?: unknown }) => {
    assert.equal(failure.code, 2);
    assert.match(String(failure.stderr), /there is no bench nonsense/);
    return true;
  });
});
