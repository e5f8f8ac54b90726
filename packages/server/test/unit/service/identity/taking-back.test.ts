import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Permission } from "@halligan/protocol/api";
import type { ApplicationCaller, Caller } from "../../../../src/auth/caller.ts";
import { checkDownloadUrl } from "../../../../src/auth/signatures/download-url.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { blockCaller, unblockCaller } from "../../../../src/service/administration/blocked-callers.ts";
import {
  addApplicationSecret,
  removeOneApplicationSecret,
  revokeApplicationTokens,
} from "../../../../src/service/identity/application-secrets.ts";
import { applicationStanding } from "../../../../src/service/identity/application-standing.ts";
import { createApplication } from "../../../../src/service/identity/create-application.ts";
import { removeApplication } from "../../../../src/service/identity/remove-application.ts";
import { quarantineByHand, releaseMachine } from "../../../../src/service/machines/quarantine-by-hand.ts";
import { createDownloadUrl } from "../../../../src/service/results/create-download-url.ts";
import { openResult } from "../../../../src/service/results/open-result.ts";
import { revokeResultLinks } from "../../../../src/service/results/revoke-result-links.ts";
import { ADMINISTRATOR } from "../../../../src/store/cluster/meta.ts";
import { type TestServices, testServices, user } from "../../../support/test-services.ts";
import { sampleAction, sampleCommand } from "../../domain/sample-action.ts";

const application = (id: string, ...roles: Permission[]): ApplicationCaller => ({
  kind: "application",
  id,
  clientId: id,
  name: id,
  roles: new Set(roles),
});
const root = application("root", "Halligan.Admin", "Library.Manage", "Machine.LiveResponse", "Machine.Read.All");
const helper = application("helper", "Halligan.Admin", "Machine.Read.All");

describe("what was handed out", () => {
  let services: TestServices;
  before(async () => {
    services = await testServices();
    await services.context.store.write((tx) => tx.meta.set(ADMINISTRATOR, root.id));
  });
  after(() => services[Symbol.asyncDispose]());

  const make = async (caller: Caller, ...roles: Permission[]) => {
    const made = await createApplication(services.context, caller, { name: "made", roles });
    return made.ok ? made.value.application : made.error.code;
  };
  const known = async (caller: Caller, ...roles: Permission[]) => {
    const made = await make(caller, ...roles);
    assert.ok(typeof made === "object", String(made));
    return made;
  };
  const callerOf = (clientId: string) => application(clientId, "Machine.Read.All");

  describe("permissions", () => {
    test("are granted by who holds them; Halligan.Admin alone gives no others", async () => {
      assert.equal(await make(helper, "Library.Manage"), "GrantNotHeld");
      assert.equal(await make(helper, "Machine.Read.All", "Machine.LiveResponse"), "GrantNotHeld");
      assert.equal(typeof (await make(helper, "Machine.Read.All", "Halligan.Admin")), "object");
      const context = { ...services.context, policy: { ...services.context.policy, grants: "any" as const } };
      const made = await createApplication(context, helper, { name: "any", roles: ["Library.Manage"] });
      assert.ok(made.ok);
    });

    test("are not taken by a secret for an application that holds more", async () => {
      const strong = await known(root, "Library.Manage", "Machine.LiveResponse");
      const added = await addApplicationSecret(services.context, helper, strong.clientId, null);
      assert.equal(added.ok || added.error.code, "GrantNotHeld");
      assert.equal((await addApplicationSecret(services.context, root, strong.clientId, null)).ok, true);
      assert.equal(
        (await addApplicationSecret(services.context, callerOf(strong.clientId), strong.clientId, null)).ok,
        true,
      );
    });

    test("of a user are the delegated ones, under the names that applications have", async () => {
      const admin = { ...user("u"), scopes: new Set(["Halligan.Admin", "Machine.Read"] as const) };
      assert.equal(typeof (await make(admin, "Machine.Read.All")), "object");
      assert.equal(await make(admin, "Machine.ReadWrite.All"), "GrantNotHeld");
    });

    test("are counted for the account that made an application, and for itself when the first administrator did", async () => {
      assert.equal((await known(root, "Machine.Read.All")).ownerId, null);
      const first = await known(helper, "Machine.Read.All");
      assert.equal(first.ownerId, helper.id);
      const nested = { ...callerOf(first.clientId), accountId: helper.id };
      assert.equal((await known(nested, "Machine.Read.All")).ownerId, helper.id);
    });
  });

  test("a name is not given to an application that a caller of an outside issuer could have", async () => {
    for (const name of ["alice@example.org", "administrator (https://login.example)"]) {
      const made = await createApplication(services.context, root, { name, roles: ["Machine.Read.All"] });
      assert.equal(made.ok || made.error.code, "InvalidInput", name);
    }
  });

  describe("secrets", () => {
    test("overlap, end at their time, and are removed one by one; at most ten", async () => {
      const { context, time } = services;
      const { clientId, secrets } = await known(root, "Machine.Read.All");
      // Secrets of the same millisecond have no defined sequence.
      time.nowMs += 1;
      const added = await addApplicationSecret(context, root, clientId, time.nowMs + 60_000);
      assert.ok(added.ok);
      const idsOf = async () => (await applicationStanding(context, clientId))?.secretIds;
      const [first] = secrets;
      assert.deepEqual(await idsOf(), [first?.id, added.value.secret.id]);
      time.nowMs += 60_000;
      assert.deepEqual(await idsOf(), [first?.id]);
      const removed = await removeOneApplicationSecret(context, root, clientId, first?.id ?? "");
      assert.ok(removed.ok);
      assert.deepEqual(await idsOf(), []);
      const past = await addApplicationSecret(context, root, clientId, time.nowMs);
      assert.equal(past.ok || past.error.code, "InvalidInput");
      for (let count = 1; count < 10; count += 1) {
        assert.ok((await addApplicationSecret(context, root, clientId, null)).ok);
      }
      const eleventh = await addApplicationSecret(context, root, clientId, null);
      assert.equal(eleventh.ok || eleventh.error.code, "TooManySecrets");
    });

    test("the last one of an application is not removed by itself", async () => {
      const { clientId, secrets } = await known(root, "Machine.Read.All");
      const self = callerOf(clientId);
      const removed = await removeOneApplicationSecret(services.context, self, clientId, secrets[0]?.id ?? "");
      assert.equal(removed.ok || removed.error.code, "ApplicationSecretInUse");
    });

    test("nor with those that have ended, and one that has ended is removed", async () => {
      const { context, time } = services;
      const { clientId, secrets } = await known(root, "Machine.Read.All");
      const added = await addApplicationSecret(context, root, clientId, time.nowMs + 60_000);
      assert.ok(added.ok);
      time.nowMs += 60_000;
      const remove = async (id: string) => {
        const removed = await removeOneApplicationSecret(context, callerOf(clientId), clientId, id);
        return removed.ok || removed.error.code;
      };
      assert.equal(await remove(secrets[0]?.id ?? ""), "ApplicationSecretInUse");
      assert.equal(await remove("no-such"), "ApplicationSecretNotFound");
      assert.equal(await remove(added.value.secret.id.toUpperCase()), true);
    });

    test("an application does not remove itself, in whatever letter case it names itself", async () => {
      const { clientId } = await known(root, "Machine.Read.All");
      for (const named of [clientId, clientId.toUpperCase()]) {
        const removed = await removeApplication(services.context, callerOf(clientId), named);
        assert.equal(removed.ok || removed.error.code, "ApplicationInUse");
      }
      assert.ok((await removeApplication(services.context, root, clientId.toUpperCase())).ok);
    });
  });

  describe("links", () => {
    const linkOf = async (caller: Caller) => {
      const { context, addMachine } = services;
      const machine = await addMachine();
      const id = context.ids.guid();
      const result = { kind: "inline" as const, sizeBytes: 2, sha256: "a".repeat(64) };
      const command = sampleCommand({ status: "Completed", startedAtMs: 1, endedAtMs: 2, result });
      const action = sampleAction({ id, machineId: machine.id, status: "Succeeded", commands: [command] });
      await context.store.write(async (tx) => {
        await tx.actions.insert(action);
        await tx.results.insertInline(id, 0, Buffer.from("{}"));
      });
      const made = await createDownloadUrl(context, caller, id, 0);
      assert.ok(made.ok);
      const { searchParams } = new URL(made.value);
      const open = async () => {
        const [se = "", sig = "", by = "", gen = ""] = ["se", "sig", "by", "gen"].map((name) => searchParams.get(name));
        const link = { actionId: id, index: "0", se: se ?? "", sig: sig ?? "", by, gen };
        const checked = checkDownloadUrl(link, context.keys.resultLink.accepted, services.time.nowMs);
        if (checked.kind !== "signed") return checked.kind;
        const opened = await openResult(context, id, 0, checked.origin);
        return opened.ok ? "ok" : opened.error.code;
      };
      return { id, open };
    };

    test("of an action are revoked together, and new ones are made", async () => {
      const maker = callerOf((await known(root, "Machine.Read.All")).clientId);
      const { id, open } = await linkOf(maker);
      assert.equal(await open(), "ok");
      assert.ok((await revokeResultLinks(services.context, root, id)).ok);
      assert.equal(await open(), "ResultLinkRevoked");
      const again = await createDownloadUrl(services.context, maker, id, 0);
      assert.ok(again.ok && again.value.includes("gen=1.0"));
    });

    test("end with the tokens of who made them, and with their maker", async () => {
      const { context } = services;
      const { clientId } = await known(root, "Machine.Read.All");
      const [one, other] = [await linkOf(callerOf(clientId)), await linkOf(root)];
      assert.ok((await revokeApplicationTokens(context, root, clientId)).ok);
      assert.equal(await one.open(), "ResultLinkRevoked");
      const later = await linkOf(callerOf(clientId));
      assert.equal(await later.open(), "ok");
      assert.ok((await removeApplication(context, root, clientId)).ok);
      assert.equal(await later.open(), "ResultLinkRevoked");
      // The maker of this link has no row.
      assert.equal(await other.open(), "ResultLinkRevoked");
    });

    test("of an outside user end with the block, and are good again after it", async () => {
      const { context } = services;
      const outsider = { ...user("https://id.example#eve", ["all"]) };
      await context.store.write(async (tx) => {
        const group = await tx.deviceGroups.byId(0);
        if (group) await tx.deviceGroups.save({ ...group, isOpenToUsers: true });
      });
      const { open } = await linkOf(outsider);
      assert.equal(await open(), "ok");
      assert.ok((await blockCaller(context, root, outsider.id, "left")).ok);
      assert.equal(await open(), "ResultLinkRevoked");
      assert.ok((await unblockCaller(context, root, outsider.id)).ok);
      assert.equal(await open(), "ok");
    });
  });

  describe("a machine", () => {
    test("in quarantine by hand takes nothing and reports nothing, until it is released", async () => {
      const { context } = services;
      const machine = await services.addMachine({ linked: true, connectionEpoch: 4, journalId: "j" });
      const request = {
        Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }],
        Comment: "c",
      };
      const started = await runLiveResponse(context, root, machine.id, request);
      assert.ok(started.ok);
      const held = await quarantineByHand(context, root, machine.id, "under investigation");
      assert.deepEqual(held.ok && [held.value.quarantined, held.value.linked, held.value.connectionEpoch], [
        true,
        false,
        5,
      ]);
      const action = await context.store.read((tx) => tx.actions.byId(started.value.id));
      assert.deepEqual(
        [action?.status, action?.commands[0]?.errors],
        ["Failed", ["The machine was put in quarantine by root: under investigation"]],
      );
      const refused = await runLiveResponse(context, root, machine.id, request);
      assert.equal(refused.ok || refused.error.code, "MachineQuarantined");
      assert.ok((await context.store.read((tx) => tx.machines.retiredSince(0, 10))).includes(machine.id));
      // A repeated quarantine keeps the newer reason; a repeated release changes nothing.
      assert.ok((await quarantineByHand(context, root, machine.id, "again")).ok);
      const released = await releaseMachine(context, root, machine.id);
      assert.deepEqual(released.ok && [released.value.quarantined, released.value.quarantineReason], [false, null]);
      assert.ok((await releaseMachine(context, root, machine.id)).ok);
      assert.ok((await runLiveResponse(context, root, machine.id, request)).ok);
      const filter = { machineId: machine.id, actionId: null, actorId: null, beforeSeq: null, limit: 20 };
      const { records } = await context.store.read((tx) =>
        tx.audit.list({ ...filter, operations: null }, { kind: "all" }),
      );
      assert.deepEqual(
        records.map(({ operation }) => operation).filter((name) => /Quarantine|Release/.test(name)),
        ["ReleaseMachine", "QuarantineMachine", "QuarantineMachine"],
      );
    });

    test("outside the caller's device groups is not there", async () => {
      const group = await services.context.store.write((tx) =>
        tx.deviceGroups.insert({
          name: "v",
          remediationLevel: "full",
          isOpenToUsers: false,
          users: [],
          userGroups: [],
        }),
      );
      const machine = await services.addMachine({ groupId: group.id });
      for (const act of [
        quarantineByHand(services.context, user("u"), machine.id, "r"),
        releaseMachine(services.context, user("u"), machine.id),
      ]) {
        const answer = await act;
        assert.equal(answer.ok || answer.error.code, "MachineNotFound");
      }
    });
  });
});
