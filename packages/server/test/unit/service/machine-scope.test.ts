import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Result } from "@halligan/protocol/errors";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import type { DomainError } from "../../../src/domain/errors.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import { parseListQuery } from "../../../src/odata/query.ts";
import { cancelMachineAction } from "../../../src/service/actions/cancel-machine-action.ts";
import { getMachineAction } from "../../../src/service/actions/get-machine-action.ts";
import { listMachineActions } from "../../../src/service/actions/list-machine-actions.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { listAudit } from "../../../src/service/administration/list-audit.ts";
import {
  createDeviceGroup,
  setMachineDeviceGroup,
  updateDeviceGroup,
} from "../../../src/service/machines/device-groups.ts";
import { findMachinesByIp } from "../../../src/service/machines/find-machines-by-ip.ts";
import { getMachine } from "../../../src/service/machines/get-machine.ts";
import { listMachines } from "../../../src/service/machines/list-machines.ts";
import { refuseUnservedOperation } from "../../../src/service/machines/refuse-unserved-operation.ts";
import { setMachineTag } from "../../../src/service/machines/set-machine-tag.ts";
import { createDownloadUrl } from "../../../src/service/results/create-download-url.ts";
import { PLAYBOOK, type TestServices, testServices, user } from "../../support/test-services.ts";

const REQUEST = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
const codeOf = <T>(result: Result<T, DomainError>): string => (result.ok ? "ok" : result.error.code);

describe("a user sees and touches only what belongs to the machines of their device groups", () => {
  let services: TestServices;
  let within: Machine;
  let outside: Machine;
  let outsideAction: MachineAction;
  const alice = user("alice", ["soc"]);

  before(async () => {
    services = await testServices();
    const { context } = services;
    const mine = await createDeviceGroup(context, PLAYBOOK, {
      name: "Lab",
      remediationLevel: "full",
      userGroups: ["soc"],
    });
    const other = await createDeviceGroup(context, PLAYBOOK, {
      name: "Vault",
      remediationLevel: "full",
      users: ["bob"],
    });
    assert.ok(mine.ok && other.ok);
    [within, outside] = [await services.addMachine(), await services.addMachine()];
    await setMachineDeviceGroup(context, PLAYBOOK, within.id, mine.value.id);
    await setMachineDeviceGroup(context, PLAYBOOK, outside.id, other.value.id);
    const started = await runLiveResponse(context, PLAYBOOK, outside.id, REQUEST);
    assert.ok(started.ok);
    outsideAction = started.value;
  });
  after(() => services[Symbol.asyncDispose]());

  test("every way to a machine or action outside answers as if there were none", async () => {
    const { context, time } = services;
    assert.equal(codeOf(await getMachine(context, alice, outside.id)), "MachineNotFound");
    assert.equal(codeOf(await runLiveResponse(context, alice, outside.id, REQUEST)), "MachineNotFound");
    assert.equal(
      codeOf(await setMachineTag(context, alice, outside.id, { Value: "t", Action: "Add" })),
      "MachineNotFound",
    );
    assert.equal(codeOf(await getMachineAction(context, alice, outsideAction.id)), "MachineActionNotFound");
    assert.equal(codeOf(await cancelMachineAction(context, alice, outsideAction.id, "c")), "MachineActionNotFound");
    assert.equal(codeOf(await createDownloadUrl(context, alice, outsideAction.id, 0)), "MachineActionNotFound");
    assert.equal((await refuseUnservedOperation(context, alice, outside.id, "isolate")).code, "MachineNotFound");
    const found = await findMachinesByIp(context, alice, "192.0.2.77", time.nowMs);
    assert.deepEqual(found.ok && found.value, []);
  });

  test("lists and the audit have what is within and nothing of what is outside", async () => {
    const { context, time } = services;
    const started = await runLiveResponse(context, alice, within.id, REQUEST);
    assert.equal(codeOf(started), "ok");
    const machines = await listMachines(context, alice, listQuery("machines", time.nowMs));
    assert.deepEqual(
      machines.rows.map(({ id }) => id),
      [within.id],
    );
    assert.equal(machines.count, 1);
    const actions = await listMachineActions(context, alice, listQuery("actions", time.nowMs));
    assert.deepEqual(
      actions.rows.map(({ machineId }) => machineId),
      [within.id],
    );
    const filter = { machineId: null, actionId: null, actorId: null, operation: null, beforeSeq: null, limit: 100 };
    const { records: seen } = await listAudit(context, alice, filter);
    assert.ok(seen.length > 0);
    assert.ok(seen.every(({ machineId }) => machineId === within.id));
    assert.ok((await listAudit(context, PLAYBOOK, filter)).records.some(({ machineId }) => machineId === outside.id));
  });

  test("a user who is in no group reaches only what is open to all, and the default group of a new deployment is not", async () => {
    const { context, time } = services;
    const listed = await listMachines(context, user("eve"), listQuery("machines", time.nowMs));
    assert.deepEqual(listed.rows, []);
    const ungrouped = await services.addMachine();
    const closed = await listMachines(context, user("eve"), listQuery("machines", time.nowMs));
    assert.deepEqual(closed.rows, []);
    const open = { name: "UnassignedGroup", remediationLevel: "full", isOpenToUsers: true } as const;
    assert.equal(codeOf(await updateDeviceGroup(context, PLAYBOOK, 0, open)), "ok");
    const again = await listMachines(context, user("eve"), listQuery("machines", time.nowMs));
    assert.deepEqual(
      again.rows.map(({ id }) => id),
      [ungrouped.id],
    );
  });

  test("an administrator who is a user decides about the groups that they reach, and grants themselves no others", async () => {
    const { context } = services;
    const admin = { ...alice, scopes: new Set(["Halligan.Admin", "Machine.Read"] as const) };
    const mine = { name: "Lab", remediationLevel: "full" as const, users: [alice.id], userGroups: ["soc"] };
    const take = { name: "Vault", remediationLevel: "full" as const, users: ["bob", alice.id] };
    const groups = await context.store.read((tx) => tx.deviceGroups.list());
    const idOf = (name: string) => groups.find((group) => group.name === name)?.id ?? -1;
    assert.equal(codeOf(await updateDeviceGroup(context, admin, idOf("Lab"), mine)), "ok");
    assert.equal(codeOf(await updateDeviceGroup(context, admin, idOf("Vault"), take)), "DeviceGroupNotFound");
    const moved = await setMachineDeviceGroup(context, admin, outside.id, idOf("Lab"));
    assert.equal(codeOf(moved), "MachineNotFound");
    const away = await setMachineDeviceGroup(context, admin, within.id, idOf("Vault"));
    assert.equal(codeOf(away), "DeviceGroupNotFound");
  });

  test("a group without a remediation level refuses live response, also to applications", async () => {
    const { context } = services;
    const machine = await services.addMachine();
    const group = await createDeviceGroup(context, PLAYBOOK, { name: "Printers", remediationLevel: "none" });
    assert.ok(group.ok);
    await setMachineDeviceGroup(context, PLAYBOOK, machine.id, group.value.id);
    assert.equal(codeOf(await runLiveResponse(context, PLAYBOOK, machine.id, REQUEST)), "RemediationLevelMissing");
    await updateDeviceGroup(context, PLAYBOOK, group.value.id, { name: "Printers", remediationLevel: "semi-system" });
    assert.equal(codeOf(await runLiveResponse(context, PLAYBOOK, machine.id, REQUEST)), "ok");
  });
});

function listQuery(of: "machines" | "actions", nowMs: number) {
  const entity = of === "machines" ? MACHINES : MACHINE_ACTIONS;
  const query = parseListQuery(new URLSearchParams({ $count: "true" }), entity, nowMs);
  if (!query.ok) throw new Error(query.error.detail);
  return query.value satisfies Parameters<typeof listMachines>[2];
}
