import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Result } from "@halligan/protocol/errors";
import { enrollSigningBytes, handshakeSigningBytes, LINK_VERSION } from "@halligan/protocol/link";
import type { Caller } from "../../../src/auth/caller.ts";
import { hashSecret } from "../../../src/auth/secret-hash.ts";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import type { DomainError } from "../../../src/domain/errors.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { cancelMachineAction } from "../../../src/service/actions/cancel-machine-action.ts";
import { runLiveResponse } from "../../../src/service/actions/start/run-live-response.ts";
import { startLiveResponse } from "../../../src/service/actions/start/start-live-response.ts";
import { acceptConnection } from "../../../src/service/agents/connection/accept-connection.ts";
import { recordDisconnect } from "../../../src/service/agents/connection/record-disconnect.ts";
import { enrollMachine } from "../../../src/service/agents/enroll-machine.ts";
import { nextForConnection } from "../../../src/service/agents/next-order.ts";
import type { ServiceContext } from "../../../src/service/context.ts";
import { addLibraryFile } from "../../../src/service/library/add-library-file.ts";
import { removeLibraryFile } from "../../../src/service/library/remove-library-file.ts";
import { stageContent } from "../../../src/service/library/stage-content.ts";
import {
  createDeviceGroup,
  removeDeviceGroup,
  setMachineDeviceGroup,
} from "../../../src/service/machines/device-groups.ts";
import type { StagedContent } from "../../../src/store/library/staged-contents.ts";
import type { Store } from "../../../src/store/store.ts";
import { PLAYBOOK, type TestServices, testServices } from "../../support/test-services.ts";
import { sampleMachine } from "../../unit/domain/sample-action.ts";

const REQUEST = { Commands: [{ type: "GetFile" as const, params: [{ key: "Path", value: "/x" }] }], Comment: "c" };
const PLACES = 25;

/** Concurrent use cases of two nodes. `openNodes`: one store for each node of one deployment. */
export function describeTwoNodes(name: string, openNodes: () => Promise<readonly [Store, Store]>): void {
  describe(`two nodes at the same moment: ${name}`, () => {
    let stores: readonly [Store, Store];
    let nodes: readonly [TestServices, TestServices];

    before(async () => {
      stores = await openNodes();
      nodes = [
        await testServices({ runningSessions: PLACES }, { store: stores[0], nodeId: "node-1" }),
        await testServices({ runningSessions: PLACES }, { store: stores[1], nodeId: "node-2" }),
      ];
    });
    after(async () => {
      for (const node of nodes) await node[Symbol.asyncDispose]();
      for (const store of new Set(stores)) await store.close();
    });

    const contextOf = (index: number): ServiceContext => nodes[index % 2 === 0 ? 0 : 1].context;
    /** Runs the same on both nodes in turn, all at once. */
    const atOnce = <T>(count: number, work: (context: ServiceContext, index: number) => Promise<T>): Promise<T[]> =>
      Promise.all(Array.from({ length: count }, (_, index) => work(contextOf(index), index)));
    const addMachine = (change: Partial<Machine> = {}) =>
      nodes[0].addMachine({ linked: true, nodeId: "node-1", ...change });
    const run = (context: ServiceContext, machine: Machine) => runLiveResponse(context, PLAYBOOK, machine.id, REQUEST);
    const end = (results: readonly Result<MachineAction, DomainError>[]) =>
      Promise.all(
        results.flatMap((one, index) =>
          one.ok ? [cancelMachineAction(contextOf(index), PLAYBOOK, one.value.id, "c")] : [],
        ),
      );
    const auditOf = async (machineId: string, operation: string) => {
      const filter = { machineId, actionId: null, actorId: null, operations: [operation], beforeSeq: null, limit: 100 };
      return (await stores[0].read((tx) => tx.audit.list(filter, { kind: "all" }))).records;
    };

    test("of twenty starts on one machine exactly one is accepted, and the others get the id of the one that blocks them", async () => {
      const machine = await addMachine();
      const answers = await atOnce(20, (context) => run(context, machine));
      const [accepted, ...more] = answers.flatMap((one) => (one.ok ? [one.value.id] : []));
      assert.ok(accepted !== undefined && more.length === 0, `${more.length + 1} were accepted`);
      for (const one of answers) {
        if (one.ok) continue;
        assert.ok(one.error.code === "ActiveRequestAlreadyExists", one.error.code);
        assert.equal(one.error.blockingActionId, accepted);
      }
      await end(answers);
    });

    const LIBRARIAN: Caller = { ...PLAYBOOK, roles: new Set(["Machine.LiveResponse", "Library.Manage"]) };
    const never = new AbortController().signal;
    const stage = (context: ServiceContext, bytes: Uint8Array) => {
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      const body = (async function* () {
        yield bytes;
      })();
      return stageContent(context, LIBRARIAN, { sha256, sizeBytes: bytes.length, body, signal: never });
    };
    const startWith = (context: ServiceContext, machine: Machine, sha256: string) => {
      const params = [{ key: "ScriptName", value: "x.sh" }];
      const Commands = [{ type: "RunScript" as const, params, staged: sha256 }];
      return startLiveResponse(context, LIBRARIAN, machine.id, { Commands, Comment: "c" }, never);
    };

    const stagedAnew = async (): Promise<StagedContent> => {
      const staged = await stage(nodes[0].context, randomBytes(100));
      const sha256 = staged.ok ? staged.value.sha256 : "";
      const content = await stores[0].read((tx) => tx.stagedContents.find(LIBRARIAN.id, sha256));
      if (!content) throw new Error("it is not staged");
      return content;
    };

    test("one content that is staged twenty times at once is there once", async () => {
      const bytes = randomBytes(100);
      const answers = await atOnce(20, (context) => stage(context, bytes));
      assert.ok(answers.every((one) => one.ok));
      const { count } = await stores[0].read((tx) => tx.stagedContents.unusedOf(LIBRARIAN.id));
      assert.equal(count, 1);
    });

    test("of a start and the end of what it refers to exactly one happens: no action keeps bytes that are gone", async () => {
      for (let round = 0; round < 15; round += 1) {
        const machine = await addMachine();
        const { id, sha256 } = await stagedAnew();
        const starting = startWith(contextOf(round), machine, sha256);
        const isRemoved: boolean = await stores[round % 2 === 0 ? 1 : 0].write((tx) =>
          tx.stagedContents.markAbandoned(id),
        );
        const started = await starting;
        assert.equal(started.ok, !isRemoved, started.ok ? "both" : started.error.code);
        if (!started.ok) assert.equal(started.error.code, "StagedContentNotFound");
        await end([started]);
      }
    });

    test("of sixty starts on sixty machines exactly as many are accepted as there are places", async () => {
      const machines = await Promise.all(Array.from({ length: 60 }, () => addMachine()));
      const answers = await Promise.all(machines.map((machine, index) => run(contextOf(index), machine)));
      assert.equal(answers.filter((one) => one.ok).length, PLACES);
      assert.ok(answers.every((one) => one.ok || one.error.code === "TooManySessions"));
      await end(answers);
    });

    test("of sixty sessions that wait for a place exactly as many get an order as there are places", async () => {
      const machines = await Promise.all(Array.from({ length: 60 }, () => addMachine({ linked: false })));
      const answers = await Promise.all(machines.map((machine, index) => run(contextOf(index), machine)));
      assert.ok(answers.every((one) => one.ok));
      await Promise.all(
        machines.map((machine) => stores[0].write((tx) => tx.machines.save(machine, { ...machine, linked: true }))),
      );
      const next = await Promise.all(
        machines.map(({ id, connectionEpoch }, index) =>
          nextForConnection(contextOf(index), { machineId: id, connectionEpoch }),
        ),
      );
      // The oldest ones go first, and a request before them must wait. So it is at most this
      // number, never more.
      const given = next.filter(({ type }) => type === "order").length;
      const again = await Promise.all(
        machines.map(({ id, connectionEpoch }, index) =>
          nextForConnection(contextOf(index), { machineId: id, connectionEpoch }),
        ),
      );
      assert.ok(given <= PLACES, `${given} orders were given`);
      assert.equal(again.filter(({ type }) => type === "order").length, PLACES);
      await end(answers);
    });

    test("an action that both nodes want to send is claimed once, under one orderSeq", async () => {
      const machines = await Promise.all(Array.from({ length: 10 }, () => addMachine()));
      const answers = await Promise.all(machines.map((machine) => run(contextOf(0), machine)));
      for (const { id, connectionEpoch } of machines) {
        const next = await atOnce(4, (context) => nextForConnection(context, { machineId: id, connectionEpoch }));
        assert.deepEqual(
          next.map((one) => (one.type === "order" ? one.order.orderSeq : one.type)),
          [1, 1, 1, 1],
        );
        assert.equal((await auditOf(id, "OrderClaimed")).length, 1);
      }
      await end(answers);
    });

    test("two links of one machine get two epochs, and the older one cannot close the newer", async () => {
      const { machine, key } = await enrolled(3);
      const accepted = await atOnce(6, async (context) => {
        const challenge = randomBytes(32);
        const answer = {
          machineId: machine,
          serverKeyId: context.keys.order.signing.keyId,
          version: LINK_VERSION,
          ephemeralKey: new Uint8Array(32),
        };
        return acceptConnection(
          context,
          challenge,
          { ...answer, signature: sign(null, handshakeSigningBytes(challenge, answer), key) },
          "192.0.2.1",
        );
      });
      const epochs = accepted
        .map((one) => (one.kind === "accepted" ? one.connectionEpoch : 0))
        .toSorted((a, b) => a - b);
      assert.deepEqual(epochs, [1, 2, 3, 4, 5, 6]);
      await atOnce(5, (context, index) =>
        recordDisconnect(context, { machineId: machine, connectionEpoch: index + 1 }),
      );
      assert.equal((await stores[0].read((tx) => tx.machines.byId(machine)))?.linked, true);
    });

    /** One enrollment, and the values that it was created with. */
    async function enrolled(uses: number) {
      const token = await addToken(uses);
      const { request, key } = enrollment(token);
      const answer = await enrollMachine(contextOf(0), request, "192.0.2.1");
      assert.ok(answer.ok);
      return { machine: answer.value.machineId, key };
    }

    async function addToken(uses: number): Promise<string> {
      const token = randomUUID();
      await stores[0].write((tx) =>
        tx.enrollmentTokens.insert({
          id: randomUUID(),
          tokenSha256: hashSecret(token),
          uses,
          expiresAtMs: Number.MAX_SAFE_INTEGER,
          createdBy: "a",
          createdAtMs: 1,
        }),
      );
      return token;
    }

    function enrollment(token: string) {
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const raw = String(publicKey.export({ format: "jwk" }).x);
      const proof = sign(null, enrollSigningBytes(token, raw), privateKey).toString("base64url");
      return { request: { token, publicKey: raw, proof, facts: sampleMachine().facts }, key: privateKey };
    }

    test("a token for three enrolments lets three of ten devices in", async () => {
      const token = await addToken(3);
      const answers = await atOnce(10, (context) => enrollMachine(context, enrollment(token).request, "192.0.2.1"));
      assert.equal(answers.filter((one) => one.ok).length, 3);
      assert.ok(answers.every((one) => one.ok || one.error.code === "EnrollmentRefused"));
    });

    test("a device that enrolls on both nodes at once is one machine and takes one use", async () => {
      const token = await addToken(2);
      const { request } = enrollment(token);
      const answers = await atOnce(8, (context) => enrollMachine(context, request, "192.0.2.1"));
      assert.equal(new Set(answers.map((one) => (one.ok ? one.value.machineId : one.error.code))).size, 1);
      assert.ok((await enrollMachine(contextOf(1), enrollment(token).request, "192.0.2.1")).ok, "one use is left");
    });

    const file = (fileName: string, index: number, overrideIfExists: boolean) => ({
      fileName,
      sha256: index.toString(16).padStart(64, "0"),
      sizeBytes: 1,
      description: null,
      hasParameters: false,
      parametersDescription: null,
      overrideIfExists,
    });

    test("of ten uploads under a new name one is kept, and the others are refused because it exists", async () => {
      const answers = await atOnce(10, (context, index) =>
        addLibraryFile(context, PLAYBOOK, file("new.sh", index, false)),
      );
      assert.equal(answers.filter((one) => one.ok).length, 1);
      assert.ok(answers.every((one) => one.ok || one.error.code === "LibraryFileExists"));
    });

    test("ten uploads that replace each other leave one present version and nine as history", async () => {
      const answers = await atOnce(10, (context, index) =>
        addLibraryFile(context, PLAYBOOK, file("over.sh", index, true)),
      );
      assert.ok(answers.every((one) => one.ok));
      const versions = await stores[0].read((tx) => tx.library.versions("over.sh"));
      assert.equal(versions.length, 10);
      assert.equal(versions.filter(({ endedAtMs }) => endedAtMs === null).length, 1);
    });

    test("a file that is replaced while it is removed was there: the removal never says that it was not found", async () => {
      for (let round = 0; round < 20; round += 1) {
        const name = `both-${round}.sh`;
        await addLibraryFile(contextOf(0), PLAYBOOK, file(name, 1, true));
        const [replaced, removed] = await Promise.all([
          addLibraryFile(contextOf(0), PLAYBOOK, file(name, 2, true)),
          removeLibraryFile(contextOf(1), PLAYBOOK, name),
        ]);
        assert.ok(replaced.ok && removed.ok, `round ${round}`);
      }
    });

    test("of ten groups of one name one is made", async () => {
      const request = { name: "Servers", remediationLevel: "full" as const };
      const answers = await atOnce(10, (context) => createDeviceGroup(context, PLAYBOOK, request));
      assert.equal(answers.filter((one) => one.ok).length, 1);
      assert.ok(answers.every((one) => one.ok || one.error.code === "DeviceGroupExists"));
    });

    test("a group is not removed under a machine that is put into it", async () => {
      for (let round = 0; round < 20; round += 1) {
        const machine = await addMachine();
        const group = await createDeviceGroup(contextOf(0), PLAYBOOK, { name: `g${round}`, remediationLevel: "full" });
        assert.ok(group.ok);
        const [moved, removed] = await Promise.all([
          setMachineDeviceGroup(contextOf(0), PLAYBOOK, machine.id, group.value.id),
          removeDeviceGroup(contextOf(1), PLAYBOOK, group.value.id),
        ]);
        assert.notEqual(moved.ok, removed.ok, `round ${round}: one of both`);
        if (!moved.ok) assert.equal(moved.error.code, "DeviceGroupNotFound");
        if (!removed.ok) assert.equal(removed.error.code, "DeviceGroupInUse");
      }
    });

    test("twenty cancels of one action are one cancel, and all are answered with it", async () => {
      const machine = await addMachine();
      const started = await run(contextOf(0), machine);
      assert.ok(started.ok);
      const answers = await atOnce(20, (context, index) =>
        cancelMachineAction(context, PLAYBOOK, started.value.id, `cancel ${index}`),
      );
      assert.ok(answers.every((one) => one.ok && one.value.status === "Cancelled"));
      assert.equal(new Set(answers.map((one) => one.ok && one.value.cancellation?.comment)).size, 1);
      assert.equal((await auditOf(machine.id, "CancelMachineAction")).length, 1);
    });

    test("a meta value is what the first node made it", async () => {
      const values = await atOnce(10, ({ store }, index) =>
        store.write((tx) => tx.meta.getOrSet("both", () => `${index}`)),
      );
      assert.equal(new Set(values).size, 1);
    });
  });
}
