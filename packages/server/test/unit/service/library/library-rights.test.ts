import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Permission } from "@halligan/protocol/api";
import type { ApplicationCaller, Caller, UserCaller } from "../../../../src/auth/caller.ts";
import type { Policy } from "../../../../src/domain/identity/policy.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { nextForConnection } from "../../../../src/service/agents/next-order.ts";
import { addLibraryFile, type LibraryFileInput } from "../../../../src/service/library/add-library-file.ts";
import { approveContent, withdrawApproval } from "../../../../src/service/library/library-approvals.ts";
import { removeLibraryFile } from "../../../../src/service/library/remove-library-file.ts";
import { type TestServices, testServices } from "../../../support/test-services.ts";

const application = (id: string, roles: readonly Permission[], accountId?: string): ApplicationCaller => ({
  kind: "application",
  id,
  clientId: id,
  name: id,
  roles: new Set(roles),
  ...(accountId !== undefined && { accountId }),
});
const owner = application("owner", ["Library.Manage", "Machine.LiveResponse"]);
const other = application("other", ["Library.Manage", "Machine.LiveResponse"]);
const overrider = application("overrider", ["Library.Manage", "Halligan.Library.Override"]);
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

describe("who may give a library name its bytes", () => {
  let services: TestServices;
  before(async () => {
    services = await testServices();
  });
  after(() => services[Symbol.asyncDispose]());

  const add = async (caller: Caller, fileName: string, text: string, more: Partial<LibraryFileInput> = {}) => {
    const added = await addLibraryFile(services.context, caller, {
      fileName,
      sha256: hash(text),
      sizeBytes: text.length,
      description: null,
      hasParameters: false,
      parametersDescription: null,
      overrideIfExists: true,
      ...more,
    });
    return added.ok ? "ok" : added.error.code;
  };
  const remove = async (caller: Caller, fileName: string) => {
    const removed = await removeLibraryFile(services.context, caller, fileName);
    return removed.ok ? "ok" : removed.error.code;
  };
  const present = async (fileName: string) =>
    (await services.context.store.read((tx) => tx.library.byName(fileName)))?.sha256;
  const under = (policy: Partial<Policy>) => ({
    ...services.context,
    policy: { ...services.context.policy, ...policy },
  });
  const run = async (context: TestServices["context"], caller: Caller, scriptName: string, groupId = 0) => {
    const machine = await services.addMachine({ groupId });
    const started = await runLiveResponse(context, caller, machine.id, {
      Commands: [{ type: "RunScript", params: [{ key: "ScriptName", value: scriptName }] }],
      Comment: "",
    });
    return started.ok ? { machine, pin: started.value.commands[0]?.pin?.sha256 ?? null } : started.error.code;
  };
  const newGroup = (name: string) =>
    services.context.store.write((tx) =>
      tx.deviceGroups.insert({ name, remediationLevel: "full", isOpenToUsers: false, users: [], userGroups: [name] }),
    );
  const member = (id: string, ...groups: string[]): UserCaller => ({
    kind: "user",
    id: `https://id.example#${id}`,
    name: id,
    scopes: new Set(["Library.Manage", "Machine.LiveResponse"]),
    groups,
  });

  test("its uploader adds, replaces, removes and adds again; no other caller with the same right does", async () => {
    assert.equal(await add(owner, "collect.sh", "one"), "ok");
    assert.equal(await add(owner, "collect.sh", "two"), "ok");
    assert.equal(await add(other, "collect.sh", "evil"), "LibraryFileOfAnother");
    assert.equal(await add(other, "collect.sh", "evil", { overrideIfExists: false }), "LibraryFileExists");
    assert.equal(await remove(other, "collect.sh"), "LibraryFileOfAnother");
    assert.equal(await present("collect.sh"), hash("two"));
    assert.equal(await remove(owner, "collect.sh"), "ok");
    assert.equal(await add(other, "collect.sh", "evil"), "LibraryFileOfAnother", "a removed name stays its owner's");
    assert.equal(await add(owner, "collect.sh", "three"), "ok");
  });

  test("who may override owns what it uploads, and its former owner does not put it back", async () => {
    assert.equal(await add(owner, "fixed.sh", "broken"), "ok");
    assert.equal(await add(overrider, "fixed.sh", "fixed"), "ok");
    assert.equal(await add(owner, "fixed.sh", "broken"), "LibraryFileOfAnother");
    assert.equal(await remove(overrider, "collect.sh"), "ok");
  });

  test("a file whose uploader is not known is for those who may override", async () => {
    await services.context.store.write((tx) =>
      tx.library.insert({
        fileName: "old.sh",
        sha256: hash("old"),
        sizeBytes: 3,
        description: null,
        hasParameters: false,
        parametersDescription: null,
        createdBy: "owner",
        createdAtMs: 1,
        updatedBy: "owner",
        updatedAtMs: 1,
        ownerId: null,
        ownerAccountId: null,
        deviceGroups: null,
      }),
    );
    assert.equal(await add(owner, "old.sh", "new"), "LibraryFileOfAnother");
    assert.equal(await add(overrider, "old.sh", "new"), "ok");
  });

  test("a start that names a file which is not there is accepted as in the contract, or refused by the setting", async () => {
    assert.deepEqual(Object.keys(Object(await run(services.context, owner, "colect.sh"))), ["machine", "pin"]);
    assert.equal(await run(under({ unknownLibraryFiles: "refuse" }), owner, "colect.sh"), "LibraryFileNotFound");
  });

  test("a name that is planted after a start is not what the start runs, unless its caller plants it", async () => {
    const claimed = async (planter: Caller, name: string) => {
      const started = await run(services.context, owner, name);
      assert.ok(typeof started === "object");
      const { id } = started.machine;
      await services.context.store.write(async (tx) => {
        const machine = await tx.machines.byId(id);
        if (machine) await tx.machines.save(machine, { ...machine, journalId: "j", linked: true, connectionEpoch: 1 });
      });
      assert.equal(await add(planter, name, "planted"), "ok");
      const next = await nextForConnection(services.context, { machineId: id, connectionEpoch: 1 });
      const command = next.type === "order" ? next.order.commands[0] : undefined;
      assert.ok(command?.type === "RunScript", next.type);
      return command.file?.sha256 ?? null;
    };
    assert.equal(await claimed(other, "mistyped.sh"), null);
    assert.equal(await claimed(owner, "not-yet.sh"), hash("planted"));
  });

  test("a file runs on machines of its device groups only", async () => {
    const [lab, office] = [await newGroup("lab"), await newGroup("office")];
    assert.equal(await add(owner, "lab.sh", "lab", { deviceGroups: [lab.id] }), "ok");
    assert.equal(typeof (await run(services.context, owner, "lab.sh", lab.id)), "object");
    assert.equal(await run(services.context, owner, "lab.sh", office.id), "ContentOfOtherGroups");
    assert.equal(await run(services.context, owner, "lab.sh", 0), "ContentOfOtherGroups");
    assert.equal(await add(owner, "lab.sh", "lab 2"), "ok");
    assert.equal(await run(services.context, owner, "lab.sh", 0), "ContentOfOtherGroups", "the bound stays");
    assert.equal(await add(owner, "lab.sh", "lab 3", { deviceGroups: "all" }), "ok");
    assert.equal(typeof (await run(services.context, owner, "lab.sh", 0)), "object");
  });

  test("a user adds and changes files for the groups that they reach, and for no others", async () => {
    const [west, east] = [await newGroup("west"), await newGroup("east")];
    const [westerner, both] = [member("w", "west"), member("b", "west", "east")];
    assert.equal(await add(westerner, "west.sh", "w"), "ok");
    assert.equal(typeof (await run(services.context, westerner, "west.sh", west.id)), "object");
    assert.equal(await run(services.context, owner, "west.sh", east.id), "ContentOfOtherGroups");
    assert.equal(await add(westerner, "all.sh", "w", { deviceGroups: "all" }), "LibraryFileUnbound");
    assert.equal(await add(westerner, "east.sh", "w", { deviceGroups: [east.id] }), "DeviceGroupNotFound");
    assert.equal(await add(both, "both.sh", "b", { deviceGroups: [east.id] }), "ok");
    const mayOverride = { scopes: new Set(["Library.Manage", "Halligan.Library.Override"] as const) };
    assert.equal(await add({ ...westerner, ...mayOverride }, "both.sh", "w"), "LibraryFileOfOtherGroups");
    assert.equal(await remove({ ...westerner, ...mayOverride }, "both.sh"), "LibraryFileOfOtherGroups");
    assert.equal(await add({ ...both, ...mayOverride }, "west.sh", "b"), "ok");
  });

  test("with approval, content runs after another account approved its bytes, until that is withdrawn", async () => {
    const context = under({ libraryApproval: true });
    const reviewer = application("reviewer", ["Halligan.Library.Approve"]);
    assert.equal(await add(owner, "reviewed.sh", "good"), "ok");
    assert.equal(await run(context, owner, "reviewed.sh"), "ContentNotApproved");
    const approve = async (caller: Caller, text: string) => {
      const approved = await approveContent(context, caller, hash(text));
      return approved.ok ? "ok" : approved.error.code;
    };
    assert.equal(await approve(owner, "good"), "ApprovalOfOwnContent");
    // A second application of the same account counts as the same approver.
    assert.equal(
      await approve(application("sock", ["Halligan.Library.Approve"], "owner"), "good"),
      "ApprovalOfOwnContent",
    );
    assert.equal(await approve(reviewer, "good"), "ok");
    assert.equal(typeof (await run(context, owner, "reviewed.sh")), "object");
    assert.equal(await add(owner, "reviewed.sh", "worse"), "ok");
    assert.equal(await run(context, owner, "reviewed.sh"), "ContentNotApproved", "a new version needs a new approval");
    // They were approved before they were uploaded. That approval does not count for the approver's
    // own upload.
    assert.equal(await approve(owner, "mine"), "ok");
    assert.equal(await add(owner, "mine.sh", "mine"), "ok");
    assert.equal(await run(context, owner, "mine.sh"), "ContentNotApproved");
    assert.equal((await withdrawApproval(context, reviewer, hash("good"))).ok, true);
    assert.equal(await add(owner, "reviewed.sh", "good"), "ok");
    assert.equal(await run(context, owner, "reviewed.sh"), "ContentNotApproved");
  });
});
