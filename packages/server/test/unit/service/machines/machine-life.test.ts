import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Result } from "@halligan/protocol/errors";
import { type EnrollRequest, enrollSigningBytes } from "@halligan/protocol/link";
import type { Caller } from "../../../../src/auth/caller.ts";
import type { DomainError } from "../../../../src/domain/errors.ts";
import type { MachineLife } from "../../../../src/domain/machines/machine.ts";
import { MACHINES } from "../../../../src/odata/entities/machine-fields.ts";
import { parseListQuery } from "../../../../src/odata/query.ts";
import { getMachineAction } from "../../../../src/service/actions/get-machine-action.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { listAudit } from "../../../../src/service/administration/list-audit.ts";
import { createEnrollmentToken } from "../../../../src/service/agents/create-enrollment-token.ts";
import { enrollMachine } from "../../../../src/service/agents/enroll-machine.ts";
import { listEnrollmentTokens, revokeEnrollmentToken } from "../../../../src/service/agents/enrollment-tokens.ts";
import {
  createDeviceGroup,
  removeDeviceGroup,
  setMachineDeviceGroup,
} from "../../../../src/service/machines/device-groups.ts";
import { findMachinesByIp } from "../../../../src/service/machines/find-machines-by-ip.ts";
import { getMachine } from "../../../../src/service/machines/get-machine.ts";
import { listMachines } from "../../../../src/service/machines/list-machines.ts";
import { renameMachine } from "../../../../src/service/machines/rename-machine.ts";
import { deleteMachine, reinstateMachine, retireMachine } from "../../../../src/service/machines/retire-machine.ts";
import { replaceMachineTags, setMachineTag } from "../../../../src/service/machines/set-machine-tag.ts";
import { PLAYBOOK, type TestServices, testServices, user } from "../../../support/test-services.ts";
import { START_ID, sampleCommand, sampleMachine, sampleOrder } from "../../domain/sample-action.ts";

const REQUEST = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
const codeOf = <T>(result: Result<T, DomainError>): string => (result.ok ? "ok" : result.error.code);

function value<T>(result: Result<T, DomainError>): T {
  if (!result.ok) throw new Error(result.error.code);
  return result.value;
}

describe("the life of a machine", () => {
  let services: TestServices;
  before(async () => {
    services = await testServices();
  });
  after(() => services[Symbol.asyncDispose]());

  const context = () => services.context;
  const auditOf = async (machineId: string, operation: string, caller: Caller = PLAYBOOK) =>
    (await listAudit(context(), caller, { ...NO_FILTER, machineId, operation })).records.map(({ detail }) => detail);
  const NO_FILTER = { machineId: null, actionId: null, actorId: null, operation: null, beforeSeq: null, limit: 100 };
  async function listed(life?: MachineLife, filter = ""): Promise<string[]> {
    const query = parseListQuery(new URLSearchParams(filter && { $filter: filter }), MACHINES, services.time.nowMs);
    assert.ok(query.ok);
    const choice = life && { life, enrollmentTokenId: null };
    return (await listMachines(context(), PLAYBOOK, query.value, choice)).rows.map(({ id }) => id);
  }

  test("a retirement ends the running action with its reason, and repeating it changes nothing", async () => {
    const machine = await services.addMachine();
    const action = value(await runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST));
    await context().store.write(async (tx) => {
      const loaded = await tx.actions.byId(action.id);
      assert.ok(loaded);
      const commands = [sampleCommand({ status: "Executing", startId: START_ID, startedAtMs: 1 })];
      await tx.actions.save(loaded, { ...loaded, status: "InProgress", commands, order: sampleOrder() });
    });
    const retired = value(await retireMachine(context(), PLAYBOOK, machine.id, "sold"));
    assert.deepEqual(retired.retirement, { atMs: services.time.nowMs, by: "playbook", reason: "sold" });
    assert.deepEqual([retired.linked, retired.connectionEpoch], [false, machine.connectionEpoch + 1]);
    const ended = value(await getMachineAction(context(), PLAYBOOK, action.id));
    assert.deepEqual([ended.status, ended.order?.state], ["Failed", "closed"]);
    assert.deepEqual(ended.commands[0]?.errors, ["The machine was retired by playbook: sold"]);

    services.time.nowMs += 1_000;
    const again = value(await retireMachine(context(), PLAYBOOK, machine.id, "stolen"));
    assert.deepEqual(again.retirement, retired.retirement);
    assert.equal(again.connectionEpoch, retired.connectionEpoch);
    assert.deepEqual(await auditOf(machine.id, "RetireMachine"), [{ reason: "sold", endedActionIds: [action.id] }]);
    assert.equal((await auditOf(machine.id, "MachineActionEnded")).length, 1);
  });

  test("a retired machine takes no action, is in no list of the contract, and stays readable by its id", async () => {
    const machine = await services.addMachine({ lastExternalIp: "192.0.2.99" });
    value(await retireMachine(context(), PLAYBOOK, machine.id, "sold"));
    assert.equal(codeOf(await runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST)), "MachineRetired");
    assert.ok(!(await listed()).includes(machine.id));
    assert.deepEqual(await listed("inUse", `id eq '${machine.id}'`), []);
    assert.deepEqual(await listed("retired", `id eq '${machine.id}' and healthStatus eq 'Inactive'`), [machine.id]);
    assert.deepEqual(await listed("all", `id eq '${machine.id}' and onboardingStatus eq 'CanBeOnboarded'`), [
      machine.id,
    ]);
    assert.deepEqual(value(await findMachinesByIp(context(), PLAYBOOK, "192.0.2.99", services.time.nowMs)), []);
    assert.equal(value(await getMachine(context(), PLAYBOOK, machine.id)).id, machine.id);
  });

  test("a name means the machine in use, and the retired one where no other has it", async () => {
    const facts = { ...sampleMachine().facts, computerDnsName: "successor" };
    const old = await services.addMachine({ facts });
    value(await retireMachine(context(), PLAYBOOK, old.id, "new disk"));
    assert.equal(value(await getMachine(context(), PLAYBOOK, "successor")).id, old.id);
    const next = await services.addMachine({ facts });
    assert.equal(value(await getMachine(context(), PLAYBOOK, "Successor")).id, next.id);
  });

  test("a reinstated machine takes actions again, and what its retirement ended stays ended", async () => {
    const machine = await services.addMachine();
    const before = value(await runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST));
    value(await retireMachine(context(), PLAYBOOK, machine.id, "mistake"));
    assert.equal(value(await reinstateMachine(context(), PLAYBOOK, machine.id)).retirement, null);
    value(await reinstateMachine(context(), PLAYBOOK, machine.id));
    assert.deepEqual(await auditOf(machine.id, "ReinstateMachine"), [{ retiredBy: "playbook", reason: "mistake" }]);
    assert.ok((await listed()).includes(machine.id));
    assert.equal(value(await runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST)).status, "Pending");
    assert.equal(value(await getMachineAction(context(), PLAYBOOK, before.id)).status, "Failed");
  });

  test("only a retired machine is removed; its actions and audit stay for those who could read them", async () => {
    const group = value(
      await createDeviceGroup(context(), PLAYBOOK, { name: "East", remediationLevel: "full", users: ["alice"] }),
    );
    const machine = await services.addMachine({ groupId: group.id });
    const action = value(await runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST));
    assert.equal(codeOf(await deleteMachine(context(), PLAYBOOK, machine.id)), "MachineNotRetired");
    value(await retireMachine(context(), PLAYBOOK, machine.id, "sold"));
    assert.equal(codeOf(await deleteMachine(context(), PLAYBOOK, machine.id)), "ok");
    assert.equal(codeOf(await deleteMachine(context(), PLAYBOOK, machine.id)), "MachineNotFound");
    for (const change of [
      getMachine(context(), PLAYBOOK, machine.id),
      runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST),
      retireMachine(context(), PLAYBOOK, machine.id, "again"),
      reinstateMachine(context(), PLAYBOOK, machine.id),
      renameMachine(context(), PLAYBOOK, machine.id, "x"),
      setMachineTag(context(), PLAYBOOK, machine.id, { Value: "t", Action: "Add" }),
    ]) {
      assert.equal(codeOf<unknown>(await change), "MachineNotFound");
    }
    assert.ok(!(await listed("all")).includes(machine.id));
    const [alice, bob] = [user("alice"), user("bob")];
    assert.equal(value(await getMachineAction(context(), PLAYBOOK, action.id)).status, "Failed");
    assert.equal(value(await getMachineAction(context(), alice, action.id)).status, "Failed");
    assert.equal(codeOf(await getMachineAction(context(), bob, action.id)), "MachineActionNotFound");
    assert.equal((await auditOf(machine.id, "DeleteMachine", alice)).length, 1);
    assert.equal((await auditOf(machine.id, "DeleteMachine", bob)).length, 0);
  });

  test("a group keeps its removed machines until they are moved, so that their history gets no new readers", async () => {
    const group = value(await createDeviceGroup(context(), PLAYBOOK, { name: "West", remediationLevel: "full" }));
    const machine = await services.addMachine({ groupId: group.id });
    value(await retireMachine(context(), PLAYBOOK, machine.id, "sold"));
    value(await deleteMachine(context(), PLAYBOOK, machine.id));
    const refused = await removeDeviceGroup(context(), PLAYBOOK, group.id);
    assert.deepEqual(!refused.ok && refused.error, {
      code: "DeviceGroupInUse",
      groupId: group.id,
      machines: 1,
      retired: 1,
    });
    value(await setMachineDeviceGroup(context(), PLAYBOOK, machine.id, 0));
    assert.equal(codeOf(await removeDeviceGroup(context(), PLAYBOOK, group.id)), "ok");
  });

  test("users reach only the machines of their groups with all of it", async () => {
    const group = value(
      await createDeviceGroup(context(), PLAYBOOK, { name: "Vault", remediationLevel: "full", users: ["alice"] }),
    );
    const machine = await services.addMachine({ groupId: group.id });
    const bob = user("bob");
    for (const change of [
      retireMachine(context(), bob, machine.id, "mine now"),
      reinstateMachine(context(), bob, machine.id),
      renameMachine(context(), bob, machine.id, "x"),
      replaceMachineTags(context(), bob, machine.id, ["x"]),
      deleteMachine(context(), bob, machine.id),
    ]) {
      assert.equal(codeOf<unknown>(await change), "MachineNotFound");
    }
    assert.equal(codeOf(await retireMachine(context(), user("alice"), machine.id, "sold")), "ok");
  });

  test("a new name is what lists and look-ups find, and what new actions bear; older actions keep theirs", async () => {
    const machine = await services.addMachine({ facts: { ...sampleMachine().facts, computerDnsName: "host-1" } });
    const before = value(await runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST));
    value(await renameMachine(context(), PLAYBOOK, machine.id, "front-desk"));
    value(await renameMachine(context(), PLAYBOOK, machine.id, "front-desk"));
    assert.deepEqual(await auditOf(machine.id, "RenameMachine"), [{ from: "host-1", to: "front-desk" }]);
    assert.deepEqual(await listed("inUse", "computerDnsName eq 'Front-Desk'"), [machine.id]);
    assert.deepEqual(await listed("inUse", "computerDnsName eq 'host-1'"), []);
    assert.equal(value(await getMachine(context(), PLAYBOOK, "front-desk")).facts.computerDnsName, "host-1");
    value(await retireMachine(context(), PLAYBOOK, machine.id, "to end its action"));
    value(await reinstateMachine(context(), PLAYBOOK, machine.id));
    const later = value(await runLiveResponse(context(), PLAYBOOK, machine.id, REQUEST));
    const names = [value(await getMachineAction(context(), PLAYBOOK, before.id)).computerDnsName];
    assert.deepEqual([...names, later.computerDnsName], ["host-1", "front-desk"]);
    value(await renameMachine(context(), PLAYBOOK, machine.id, null));
    assert.deepEqual(await listed("inUse", "computerDnsName eq 'host-1'"), [machine.id]);
  });

  test("all tags are replaced at once, and the audit says which came and went", async () => {
    const machine = await services.addMachine({ tags: ["a", "b"] });
    assert.deepEqual(value(await replaceMachineTags(context(), PLAYBOOK, machine.id, ["b", "c"])).tags, ["b", "c"]);
    assert.deepEqual(await auditOf(machine.id, "ReplaceMachineTags"), [{ added: ["c"], removed: ["a"] }]);
  });

  test("the key of a retired machine is not enrolled again, and one of a revoked token not at all", async () => {
    const created = await createEnrollmentToken(context(), PLAYBOOK, { uses: 3 });
    const device = enrollRequest(created.token);
    const { machineId } = value(await enrollMachine(context(), device, "192.0.2.1"));
    assert.deepEqual(await auditOf(machineId, "EnrollMachine"), [
      { computerDnsName: "lab-1", enrollmentTokenId: created.id },
    ]);
    value(await retireMachine(context(), PLAYBOOK, machineId, "sold"));
    const again = await enrollMachine(context(), device, "192.0.2.1");
    assert.match(!again.ok && again.error.code === "EnrollmentRefused" ? again.error.detail : "", /was retired/);

    const revoked = value(await revokeEnrollmentToken(context(), PLAYBOOK, created.id));
    assert.deepEqual([revoked.usesLeft, revoked.machinesEnrolled, revoked.revocation?.by], [0, 1, "playbook"]);
    assert.deepEqual(value(await revokeEnrollmentToken(context(), PLAYBOOK, created.id)), revoked);
    const late = await enrollMachine(context(), enrollRequest(created.token), "192.0.2.1");
    assert.match(!late.ok && late.error.code === "EnrollmentRefused" ? late.error.detail : "", /revoked/);
    const [newest] = await listEnrollmentTokens(context(), { beforeId: null, limit: 1 });
    assert.deepEqual(newest, revoked);
    assert.equal(codeOf(await revokeEnrollmentToken(context(), PLAYBOOK, "none")), "EnrollmentTokenNotFound");
    const { records } = await listAudit(context(), PLAYBOOK, { ...NO_FILTER, operation: "RevokeEnrollmentToken" });
    assert.deepEqual(
      records.map(({ detail }) => detail),
      [{ id: created.id, usesLeft: 2, machinesEnrolled: 1 }],
    );
  });
});

function enrollRequest(token: string): EnrollRequest {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const key = publicKey.export({ format: "jwk" }).x ?? "";
  const proof = sign(null, enrollSigningBytes(token, key), privateKey).toString("base64url");
  return { token, publicKey: key, proof, facts: sampleMachine().facts };
}
