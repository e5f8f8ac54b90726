import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { requireInside } from "../../src/install/inside-root.ts";
import { installLayout } from "../../src/install/layout.ts";

test("a root whose folders lead out of it is refused, and a link inside it is followed", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "halligan-root-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const root = path.join(folder, "root");
  const check = () => requireInside(root, installLayout(root));
  await assert.rejects(check(), /--root .* does not exist/);
  mkdirSync(path.join(root, "data"), { recursive: true });
  await check();
  symlinkSync("data", path.join(root, "var"));
  await check();
  mkdirSync(path.join(folder, "root-2"));
  symlinkSync(path.join(folder, "root-2"), path.join(root, "usr"));
  await assert.rejects(check(), /local\/bin leads out of --root .*root-2/);
});
