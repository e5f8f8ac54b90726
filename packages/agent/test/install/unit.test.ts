import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { installLayout, UNIT_NAME } from "../../src/install/layout.ts";
import { unitText } from "../../src/install/unit.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";

const skip = process.platform === "linux" ? false : "systemd is for Linux";
const folder = await mkdtemp(join(tmpdir(), "halligan-unit-"));
after(() => rm(folder, { recursive: true, force: true }));

test("the unit is one that systemd understands in every line", { skip }, async () => {
  const file = join(folder, UNIT_NAME);
  // With a program that is there: systemd also looks for it.
  await writeFile(file, unitText({ executable: "/bin/true", dataRoot: "/var/lib/halligan-agent" }));
  const verify = () => spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
  const { status, stderr } = verify();
  assert.equal(stderr, "");
  assert.equal(status, 0);
  await writeFile(file, unitText({ executable: "/bin/true", dataRoot: "/x" }).replace("Delegate=", "Delegat="));
  assert.match(verify().stderr, /Delegat/);
});

test("the unit starts the installed program with its data folder, and drops what changes the runtime", () => {
  const layout = installLayout("/");
  const text = unitText(layout);
  assert.match(text, /^ExecStart=\/opt\/halligan-agent\/halligan-agent run --data \/var\/lib\/halligan-agent$/m);
  assert.match(text, /^UnsetEnvironment=BUN_OPTIONS BUN_BE_BUN /m);
  assert.match(text, /^Delegate=yes$/m);
});

test("systemd waits longer for a stop than the agent takes for it", () => {
  const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unitText(installLayout("/")))?.[1]);
  assert.ok(seconds * 1_000 >= DEFAULT_SETTINGS.stopMs + 10_000, `${seconds} s`);
});

test("with another root every path is below it, and none is below /usr/local but the link", () => {
  const { command, ...others } = installLayout("/srv/image");
  for (const place of [command, ...Object.values(others)]) assert.ok(place.startsWith("/srv/image/"), place);
  for (const place of Object.values(others)) assert.doesNotMatch(place, /usr\/local/);
});
