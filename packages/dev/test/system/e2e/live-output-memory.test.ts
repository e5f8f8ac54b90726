import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { World } from "../../../src/world.ts";
import { addScript, runScript } from "../../e2e/live-response.ts";

const MIB = 1024 * 1024;
const OUTPUT_BYTES = 256 * MIB;
const MAX_GROWTH_BYTES = 32 * MIB;

/** Resident memory of a process, in bytes. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

test("256 MiB of output, watched as they come, make neither server nor agent grow by 32 MiB", {
  skip: process.platform === "linux" ? false : "reads /proc",
  timeout: 600_000,
}, async (t) => {
  await using world = await World.start({
    settings: { HALLIGAN_LIMITS_PROFILE: "open", HALLIGAN_SCRIPT_OUTPUT_LIMIT_BYTES: String(2 * OUTPUT_BYTES) },
  });
  const [machine] = world.machines;
  assert.ok(machine);
  const pids = { server: world.server.pid, agent: world.agent(machine.id).pid };

  /** Bytes that came, and the largest memory of both programs meanwhile. */
  async function watched(bytes: number) {
    await addScript(world, "large.sh", `#!/bin/sh\nyes 'a line of a large output' | head -c ${bytes}\nsleep 600\n`);
    const { id } = await world.client.runLiveResponse(machine?.id ?? "", {
      Commands: [runScript("large.sh")],
      Comment: "memory",
    });
    const most = { server: 0, agent: 0 };
    let came = 0;
    let chunks = 0;
    for await (const { event, data } of world.client.watchActionOutput(id)) {
      if (event !== "chunk") continue;
      assert.equal(data.offset, came);
      came += data.bytes.length;
      if (came === bytes) break;
      chunks += 1;
      if (chunks % 100 > 0) continue;
      most.server = Math.max(most.server, await residentBytes(pids.server));
      most.agent = Math.max(most.agent, await residentBytes(pids.agent));
    }
    assert.equal(came, bytes);
    await world.client.cancelMachineAction(id, "everything came");
    return most;
  }

  // The heap of a program that has just started grows with its first work.
  const before = await watched(32 * MIB);
  const after = await watched(OUTPUT_BYTES);
  for (const program of ["server", "agent"] as const) {
    const growth = after[program] - before[program];
    t.diagnostic(`the ${program} grew by ${(growth / MIB).toFixed(1)} MiB, from ${(before[program] / MIB).toFixed(0)}`);
    assert.ok(growth < MAX_GROWTH_BYTES, `${program}: ${growth}`);
  }
});
