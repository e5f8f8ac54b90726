import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { FileChange, MachineFacts } from "@halligan/protocol/link";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import { NO_CONTINUITY } from "../../../src/domain/machines/clone-detection.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../src/odata/query.ts";
import type { Store } from "../../../src/store/store.ts";
import { VersionConflictError } from "../../../src/store/version-conflict-error.ts";
import { sampleAction, sampleCommand, sampleOrder } from "../../unit/domain/sample-action.ts";
import { describeAudit } from "./audit.contract.ts";
import { describeCredentials } from "./credentials.contract.ts";
import { describeIdempotencyKeys } from "./idempotency-keys.contract.ts";
import { describeLibrary } from "./library.contract.ts";
import { describePageBytes } from "./page-bytes.contract.ts";
import { describeResults } from "./results.contract.ts";

const FACTS: MachineFacts = {
  computerDnsName: "Lab-1",
  osPlatform: "Linux",
  version: "12",
  osVersion: null,
  osBuild: null,
  osArchitecture: "64-bit",
  osProcessor: "x64",
  agentVersion: "0.1.0",
  ipAddresses: [{ ipAddress: "10.0.0.1", macAddress: null, type: "Ethernet", operationalStatus: "Up" }],
};

let machines = 0;
function newMachine(change: Partial<Machine> = {}): Machine {
  machines += 1;
  return {
    id: machines.toString(16).padStart(40, "0"),
    facts: FACTS,
    tags: ["lab"],
    firstSeenMs: 1_000,
    lastSeenMs: 2_000,
    lastExternalIp: "192.0.2.1",
    linked: false,
    connectionEpoch: 0,
    journalId: null,
    nodeId: null,
    lastOrderSeq: 0,
    quarantined: false,
    quarantineReason: null,
    features: [],
    continuity: NO_CONTINUITY,
    groupId: 0,
    displayName: null,
    retirement: null,
    removedAtMs: null,
    secretKey: null,
    ...change,
  };
}

let actions = 0;
function newAction(machineId: string, change: Partial<MachineAction> = {}): MachineAction {
  actions += 1;
  return sampleAction({
    id: `00000000-0000-4000-8000-${actions.toString(16).padStart(12, "0")}`,
    machineId,
    ...change,
  });
}

/**
 * The behaviour of every store. Each adapter runs it. An adapter may skip a case only by name, with
 * a reason.
 */
export function describeStore(name: string, open: () => Promise<Store>): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    before(async () => {
      store = await open();
    });
    after(() => store.close());

    const addMachine = async (change: Partial<Machine> = {}) => {
      const machine = newMachine(change);
      await store.write((tx) => tx.machines.insert(machine));
      return machine;
    };
    const addAction = async (machineId: string, change: Partial<MachineAction> = {}) => {
      const action = newAction(machineId, change);
      await store.write((tx) => tx.actions.insert(action));
      return action;
    };

    test("a machine comes back as it was saved", async () => {
      const machine = await addMachine();
      const changed: Machine = {
        ...machine,
        linked: true,
        nodeId: "node-1",
        connectionEpoch: 4,
        journalId: "e".repeat(32),
        lastOrderSeq: 9,
        quarantined: true,
      };
      await store.write((tx) => tx.machines.save(machine, changed));
      assert.deepEqual(await store.read((tx) => tx.machines.byId(machine.id)), changed);
    });

    test("a machine is found by its name in any letter case", async () => {
      const machine = await addMachine({ facts: { ...FACTS, computerDnsName: "Only-One" } });
      const found = await store.read((tx) => tx.machines.byName("oNLY-oNE"));
      assert.deepEqual(
        found.map(({ id }) => id),
        [machine.id],
      );
    });

    test("an action comes back as it was saved, with every field", async () => {
      const stamp = { sizeBytes: 7, modifiedAt: "2026-11-27T12:00:00.000000001Z" };
      const fileChange: FileChange = { kinds: ["grew"], collectedBytes: 7, before: stamp, after: stamp };
      const machine = await addMachine();
      const action = await addAction(machine.id, {
        deadlineMs: null,
        cancellation: { requestor: "r", comment: "ü\n'", atMs: 5 },
        errorHResult: -2147467259,
        finalAtMs: 4,
        order: sampleOrder({ sentAtMs: 1_600 }),
        commands: [
          sampleCommand({
            status: "Failed",
            startedAtMs: 1,
            finishedAtMs: 2,
            endedAtMs: 3,
            errors: ["a", "ü"],
            pin: { sha256: "1".repeat(64), sizeBytes: 3 },
            result: { kind: "blob", resultId: "2".repeat(64), sizeBytes: 2 ** 40, sha256: "3".repeat(64) },
          }),
          sampleCommand({
            result: { kind: "blob", resultId: "4".repeat(64), sizeBytes: 5, sha256: "6".repeat(64), fileChange },
          }),
          sampleCommand({ result: { kind: "expired", sizeBytes: 5, sha256: "6".repeat(64), fileChange } }),
        ],
      });
      assert.deepEqual(await store.read((tx) => tx.actions.byId(action.id)), action);
    });

    test("the schema refuses a second unfinished action of a machine", async () => {
      const machine = await addMachine();
      const first = await addAction(machine.id);
      await assert.rejects(addAction(machine.id));
      await store.write((tx) => tx.actions.save(first, { ...first, status: "Succeeded" }));
      await addAction(machine.id);
    });

    test("of twenty writers that look and insert at the same moment exactly one wins, and its neighbours are not harmed", async () => {
      const machine = await addMachine();
      const bystander = await addMachine();
      const attempts = Array.from({ length: 20 }, () =>
        store.write(async (tx) => {
          if (await tx.actions.unfinishedOf(machine.id)) return false;
          await tx.actions.insert(newAction(machine.id));
          return true;
        }),
      );
      const neighbour = addAction(bystander.id);
      const won = (await Promise.all(attempts)).filter(Boolean);
      assert.equal(won.length, 1);
      await neighbour;
    });

    test("a unit of work that throws leaves nothing and takes no neighbour along", async () => {
      const machine = await addMachine();
      const failing = store.write(async (tx) => {
        await tx.machines.save(machine, { ...machine, tags: ["never"] });
        throw new Error("changed my mind");
      });
      const neighbour = store.write((tx) => tx.machines.save(machine, { ...machine, connectionEpoch: 8 }));
      await assert.rejects(failing, /changed my mind/);
      await neighbour;
      const found = await store.read((tx) => tx.machines.byId(machine.id));
      assert.deepEqual([found?.tags, found?.connectionEpoch], [["lab"], 8]);
    });

    test("what was done before a compare and set that loses is not kept", async () => {
      const machine = await addMachine();
      const action = await addAction(machine.id);
      await store.write((tx) => tx.actions.save(action, { ...action, status: "InProgress" }));
      await assert.rejects(
        store.write(async (tx) => {
          await tx.machines.save(machine, { ...machine, tags: ["never"] });
          await tx.actions.save(action, { ...action, status: "Cancelled" });
          await tx.machines.save(machine, { ...machine, connectionEpoch: 8 });
        }),
        VersionConflictError,
      );
      const found = await store.read((tx) => tx.machines.byId(machine.id));
      assert.deepEqual([found?.tags, found?.connectionEpoch], [["lab"], 0]);
    });

    test("a save writes what it changes and nothing else", async () => {
      const machine = await addMachine();
      await store.write((tx) => tx.machines.save(machine, { ...machine, tags: ["new"] }));
      await store.write((tx) => tx.machines.save(machine, { ...machine, connectionEpoch: 8 }));
      await store.write((tx) => tx.machines.save(machine, machine));
      const found = await store.read((tx) => tx.machines.byId(machine.id));
      assert.deepEqual([found?.tags, found?.connectionEpoch], [["new"], 8]);
    });

    test("a save with an old version loses", async () => {
      const machine = await addMachine();
      const action = await addAction(machine.id);
      await store.write((tx) => tx.actions.save(action, { ...action, status: "InProgress" }));
      await assert.rejects(
        store.write((tx) => tx.actions.save(action, { ...action, status: "Cancelled" })),
        VersionConflictError,
      );
      assert.equal((await store.read((tx) => tx.actions.byId(action.id)))?.status, "InProgress");
    });

    test("open actions of a machine are the unfinished one and those whose order is out, oldest first", async () => {
      const machine = await addMachine({ linked: true, nodeId: "node-1" });
      const cancelled = await addAction(machine.id, { status: "Cancelled", order: sampleOrder() });
      await addAction(machine.id, { status: "Succeeded", order: sampleOrder({ state: "closed" }) });
      const waiting = await addAction(machine.id);
      const open = await store.read((tx) => tx.actions.openOf(machine.id));
      assert.deepEqual(
        open.map(({ id }) => id),
        [cancelled.id, waiting.id],
      );
      assert.ok(
        (await store.read((tx) => tx.actions.connectedMachinesWithWork("node-1", 0, 1_000))).includes(machine.id),
      );
    });

    test("overdue actions are the unfinished ones whose deadline has come", async () => {
      const [due, later, none] = [await addMachine(), await addMachine(), await addMachine()];
      const overdue = await addAction(due.id, { deadlineMs: 77 });
      await addAction(later.id, { deadlineMs: 79 });
      await addAction(none.id, { deadlineMs: null });
      const found = await store.read((tx) => tx.actions.overdue(78, 100));
      assert.deepEqual(
        found.map(({ id }) => id),
        [overdue.id],
      );
    });

    test("actions are listed newest first, whatever their clock said", async () => {
      const machine = await addMachine();
      const first = await addAction(machine.id, { status: "Failed", createdAtMs: 9_000 });
      const second = await addAction(machine.id, { status: "Failed", createdAtMs: 1 });
      const query = parseListQuery(new URLSearchParams({ $top: "2" }), MACHINE_ACTIONS, 10_000);
      assert.ok(query.ok);
      const { rows } = await store.read((tx) => tx.actions.list(query.value, { kind: "all" }));
      const [newest, next] = rows;
      assert.deepEqual([newest?.id, next?.id], [second.id, first.id]);
    });

    describeCredentials(() => store, addMachine);
    describeIdempotencyKeys(() => store);
    describeAudit(() => store);
    describePageBytes(() => store, { machine: newMachine, action: newAction });
    describeLibrary(() => store);
    describeResults(() => store, addMachine, addAction);

    test("a retired machine is found by its name after those in use, a removed one not at all", async () => {
      const retirement = { atMs: 9_000, by: "a", reason: "sold" };
      const old = await addMachine({ displayName: "Twin-7", retirement });
      const present = await addMachine({ displayName: "twin-7" });
      await addMachine({ displayName: "twin-7", retirement, removedAtMs: 9_500 });
      const found = await store.read((tx) => tx.machines.byName("TWIN-7"));
      assert.deepEqual(
        found.map(({ id, retirement: how }) => [id, how]),
        [
          [present.id, null],
          [old.id, retirement],
        ],
      );
      const since = await store.read((tx) => tx.machines.retiredSince(8_999, 10_000));
      assert.ok(since.includes(old.id) && !since.includes(present.id));
      assert.deepEqual(await store.read((tx) => tx.machines.retiredSince(9_000, 10_000)), []);
    });

    test("a meta value is set once, by the first writer", async () => {
      const values = await Promise.all(
        ["a", "b", "c"].map((value) => store.write((tx) => tx.meta.getOrSet("k", () => value))),
      );
      assert.equal(new Set(values).size, 1);
    });
  });
}
