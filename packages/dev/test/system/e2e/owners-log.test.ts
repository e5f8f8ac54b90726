import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import type { AuditRecordWire } from "@halligan/protocol/api";
import { until } from "../../../../protocol/test/support/until.ts";
import { ENTRY, type Runtime, runtimeExecutable } from "../../../src/runtimes.ts";
import { World } from "../../../src/world.ts";
import { addScript, getFile, putFile, runScript, runToEnd, waitFor, waitForEnd } from "../../e2e/live-response.ts";

const run = promisify(execFile);

/** The members that the test compares. */
interface Entry {
  event: string;
  actionId?: string;
  origin?: { requestor: string; requestorId: string; application: string | null; comment: string };
  commands?: { type: string; target: string; args?: string; sha256?: string | null }[];
  index?: number;
  outcome?: string;
  exitCode?: number | null;
  sha256?: string | null;
  by?: { requestor: string; comment: string } | null;
}

for (const runtime of ["node", "bun"] as const satisfies Runtime[]) {
  const executable = runtimeExecutable(runtime);
  const skip = executable === null ? `there is no ${runtime} for this platform in this install` : false;
  test(`the owner's log of the device agrees with the server's audit, agent under ${runtime}`, { skip }, async () => {
    await using world = await World.start({ runtime, settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
    const [machine] = world.machines;
    assert.ok(machine && executable);
    const entries = async (): Promise<Entry[]> => {
      const args = [ENTRY.agent, "log", "--data", machine.dataDir, "--json"];
      const { stdout } = await run(executable, args);
      return stdout
        .trim()
        .split("\n")
        .map((line): Entry => JSON.parse(line));
    };
    await addScript(world, "tool.txt", "from the library\n");
    await addScript(world, "code.sh", "#!/bin/sh\ncat tool.txt > out.txt\necho $1\nexit $2\n");
    await addScript(world, "long.sh", "#!/bin/sh\nsleep 300\n");
    const done = await runToEnd(world, machine.id, [
      putFile("tool.txt"),
      runScript("code.sh", "'a b' 4"),
      getFile("out.txt"),
    ]);
    const failed = await runToEnd(world, machine.id, [getFile("/no/such/file"), getFile("out.txt")]);
    const { id } = await world.client.runLiveResponse(machine.id, { Commands: [runScript("long.sh")], Comment: "c" });
    await waitFor(world, id, ({ commands }) => commands[0]?.startTime !== null);
    await world.client.cancelMachineAction(id, "enough");
    await waitForEnd(world, id);
    const all = await until(async () => {
      const found = await entries();
      const ends = found.filter(({ event, actionId }) => event === "ended" && actionId === id);
      return ends.length === 1 && found;
    }, "the end of the cancelled script in the owner's log");
    for (const { id: actionId, status } of [done, failed, await world.client.getMachineAction(id)]) {
      const records = await world.client.listAudit({ actionId });
      const own = all.filter((entry) => entry.actionId === actionId);
      compare(own, records, status);
    }
    assert.deepEqual(
      all.flatMap(({ event, index, exitCode }) => (event === "ended" && exitCode !== null ? [[index, exitCode]] : [])),
      [
        [1, 4],
        [0, all.at(-1)?.exitCode],
      ],
    );
    assert.equal(all[0]?.event, "enrolled");
  });
}

const detailOf = (records: readonly AuditRecordWire[], operation: string) =>
  records.find((record) => record.operation === operation)?.detail;

function compare(own: readonly Entry[], records: readonly AuditRecordWire[], status: string): void {
  const accepted = own.find(({ event }) => event === "accepted");
  const requested = records.find(({ operation }) => operation === "RunLiveResponse");
  assert.ok(accepted?.origin && requested);
  const { requestor, requestorId, application, comment } = accepted.origin;
  assert.deepEqual(
    [requestor, requestorId, application, comment],
    [requested.actor, requested.actorId, requested.application, requested.detail.comment],
  );
  assert.deepEqual(
    accepted.commands?.map(({ type, target, args = null, sha256 = null }) => ({ type, target, args, sha256 })),
    requested.detail.commands,
  );
  assert.deepEqual(
    accepted.commands?.map(({ sha256 = null }) => sha256),
    detailOf(records, "OrderClaimed")?.sha256,
  );
  const ends = own.filter(({ event }) => event === "ended");
  if (status === "Cancelled") {
    const [cancelled] = own.filter(({ event }) => event === "cancelled");
    const record = records.find(({ operation }) => operation === "CancelMachineAction");
    assert.deepEqual(cancelled?.by, { requestor: record?.actor, comment: record?.detail.comment });
    return;
  }
  const ended = detailOf(records, "MachineActionEnded");
  assert.equal(ended?.status, status);
  const results = ended?.results as { status: string; sha256: string | null }[];
  assert.deepEqual(
    ends.map(({ outcome, sha256 }) => ({ status: outcome === "completed" ? "Completed" : "Failed", sha256 })),
    results.slice(0, ends.length),
  );
  assert.ok(results.slice(ends.length).every((result) => result.status === "Created"));
}
