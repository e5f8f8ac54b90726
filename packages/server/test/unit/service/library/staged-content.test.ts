import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ApplicationCaller } from "../../../../src/auth/caller.ts";
import { contentIdsOf } from "../../../../src/domain/actions/machine-action.ts";
import { applyRetention } from "../../../../src/service/actions/apply-retention.ts";
import { cancelMachineAction } from "../../../../src/service/actions/cancel-machine-action.ts";
import { startLiveResponse } from "../../../../src/service/actions/start/start-live-response.ts";
import { createApplication } from "../../../../src/service/identity/create-application.ts";
import { removeApplication } from "../../../../src/service/identity/remove-application.ts";
import { findScript } from "../../../../src/service/library/find-script.ts";
import { stageContent } from "../../../../src/service/library/stage-content.ts";
import { PLAYBOOK, type TestServices, testServices } from "../../../support/test-services.ts";

const DAY_MS = 24 * 3_600_000;
const CALLER: ApplicationCaller = { ...PLAYBOOK, roles: new Set(["Machine.LiveResponse", "Library.Manage"]) };
const never = new AbortController().signal;
const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* breaking(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("begun");
  throw new Error("connection lost");
}

describe("staged content", () => {
  let services: TestServices;
  let removed: string[];
  beforeEach(async () => {
    services = await testServices({ stagedContentLimitBytes: 100 });
    removed = [];
    const { blobs } = services.context;
    const deleteResult = blobs.deleteResult.bind(blobs);
    Object.assign(blobs, {
      async deleteResult(id: string) {
        removed.push(id);
        return deleteResult(id);
      },
    });
  });
  afterEach(() => services[Symbol.asyncDispose]());

  const stage = (content: string, caller = CALLER) =>
    stageContent(services.context, caller, {
      sha256: sha256(content),
      sizeBytes: Buffer.byteLength(content),
      body: chunks(content),
      signal: never,
    });
  const isStaged = async (content: string, caller = CALLER) =>
    (await services.context.store.read((tx) => tx.stagedContents.find(caller.id, sha256(content)))) !== undefined;
  const unused = () => services.context.store.read((tx) => tx.stagedContents.unusedOf(CALLER.id));

  async function startWith(staged: string): Promise<{ id: string; contentId: string }> {
    const machine = await services.addMachine();
    const Commands = [
      { type: "RunScript" as const, params: [{ key: "ScriptName", value: "x.sh" }], staged: sha256(staged) },
    ];
    const started = await startLiveResponse(services.context, CALLER, machine.id, { Commands, Comment: "" }, never);
    assert.ok(started.ok, started.ok ? "" : started.error.code);
    const [contentId = ""] = contentIdsOf(started.value);
    return { id: started.value.id, contentId };
  }

  test("expires when no action refers to it, and is prolonged by staging it again", async () => {
    await stage("one");
    services.time.nowMs += 2 * DAY_MS;
    await stage("one");
    await stage("two");
    services.time.nowMs += 2 * DAY_MS;
    await applyRetention(services.context);
    assert.equal(await isStaged("one"), true);
    services.time.nowMs += DAY_MS + 1;
    await applyRetention(services.context);
    assert.equal(await isStaged("one"), false);
    assert.equal(await isStaged("two"), false);
    assert.equal(removed.length, 2);
    assert.equal((await unused()).count, 0);
  });

  test("is kept with its action as long as results are, also when the action never ran, and goes with the last one", async () => {
    await stage("kept");
    const [first, second] = [await startWith("kept"), await startWith("kept")];
    assert.equal(first.contentId, second.contentId);
    const kept = { resultId: first.contentId, sha256: sha256("kept") };
    services.time.nowMs += 10 * DAY_MS;
    await cancelMachineAction(services.context, CALLER, first.id, "");
    services.time.nowMs += 31 * DAY_MS;
    await applyRetention(services.context);
    assert.deepEqual(removed, []);
    assert.ok(await services.context.blobs.statResult(kept));
    await cancelMachineAction(services.context, CALLER, second.id, "");
    services.time.nowMs += 30 * DAY_MS + 1;
    await applyRetention(services.context);
    await applyRetention(services.context);
    assert.deepEqual(removed, [first.contentId]);
    assert.equal(await services.context.blobs.statResult(kept), null);
    const action = await services.context.store.read((tx) => tx.actions.byId(second.id));
    assert.deepEqual(action?.commands[0]?.pin, { sha256: sha256("kept"), sizeBytes: 4 });
    const script = await findScript(services.context, CALLER, second.id, 0);
    assert.ok(!script.ok && script.error.code === "ScriptNotFound");
    assert.match(script.error.detail, /no longer kept/);
  });

  test("two starts with the same content each keep it, whenever expired content is removed meanwhile", async () => {
    const start = async (content: string) => {
      const machine = await services.addMachine();
      const Commands = [{ type: "RunScript" as const, params: [], content }];
      return startLiveResponse(services.context, CALLER, machine.id, { Commands, Comment: "" }, never);
    };
    const { context } = services;
    const write = context.store.write.bind(context.store);
    for (let position = 0; position < 10; position += 1) {
      const content = `raced ${position}`;
      await stage(content);
      services.time.nowMs += 3 * DAY_MS;
      let writes = 0;
      Object.assign(context.store, {
        async write(work: Parameters<typeof write>[0]) {
          writes += 1;
          if (writes === position + 1) await applyRetention(context);
          return write(work);
        },
      });
      const started = await Promise.all([start(content), start(content)]);
      Object.assign(context.store, { write });
      assert.ok(writes >= 6, `${writes} transactions`);
      await applyRetention(context);
      for (const result of started) {
        assert.ok(result.ok, result.ok ? "" : `${result.error.code} at write ${position}`);
        const found = await findScript(context, CALLER, result.value.id, 0);
        assert.ok(found.ok && found.value.pin.contentId);
        const kept = { resultId: found.value.pin.contentId, sha256: sha256(content) };
        assert.ok(await context.blobs.statResult(kept), `lost at write ${position}`);
      }
    }
  });

  test("a start that is refused keeps nothing", async () => {
    await stage("refused");
    const machine = await services.addMachine({ quarantined: true });
    const Commands = [
      { type: "RunScript" as const, params: [{ key: "ScriptName", value: "x.sh" }], staged: sha256("refused") },
    ];
    const started = await startLiveResponse(services.context, CALLER, machine.id, { Commands, Comment: "" }, never);
    assert.equal(started.ok ? "" : started.error.code, "MachineQuarantined");
    assert.equal((await unused()).count, 1);
  });

  test("an upload that breaks off, or has other bytes or another size, leaves nothing", async () => {
    const upload = { sha256: sha256("begun and ended"), sizeBytes: 15, signal: never };
    await assert.rejects(stageContent(services.context, CALLER, { ...upload, body: breaking() }), /connection lost/);
    for (const body of [chunks("begun and ENDED"), chunks("begun"), chunks("begun and ended", "!")]) {
      const staged = await stageContent(services.context, CALLER, { ...upload, body });
      assert.equal(staged.ok ? "" : staged.error.code, "ContentMismatch");
    }
    assert.deepEqual(await unused(), { sizeBytes: 0, count: 0 });
    assert.equal(new Set(removed).size, 4);
  });

  test("what a crash left in the middle of an upload goes when its time is over", async () => {
    const id = "d".repeat(64);
    const upload = { id, ownerId: CALLER.id, sha256: sha256("x"), sizeBytes: 1, expiresAtMs: services.time.nowMs };
    await services.context.store.write((tx) => tx.stagedContents.insertUpload(upload));
    await applyRetention(services.context);
    assert.deepEqual(removed, [id]);
    assert.equal((await unused()).count, 0);
  });

  test("a caller has a bound on what no action refers to; what an action keeps does not count, nor does that of others", async () => {
    assert.equal((await stage("a".repeat(60))).ok, true);
    const refused = await stage("b".repeat(60));
    assert.equal(refused.ok ? "" : refused.error.code, "StagedContentLimit");
    assert.equal((await stage("b".repeat(60), { ...CALLER, id: "client-2" })).ok, true);
    await startWith("a".repeat(60));
    assert.equal((await stage("b".repeat(60))).ok, true);
  });

  test("an account and the applications that it made share one bound, also once one of them is removed", async () => {
    const made = await createApplication(services.context, CALLER, { name: "second", roles: ["Library.Manage"] });
    assert.ok(made.ok);
    const { clientId } = made.value.application;
    const second: ApplicationCaller = { ...CALLER, id: clientId, clientId, accountId: CALLER.id };
    assert.equal((await stage("a".repeat(60), second)).ok, true);
    const ofOwner = await stage("b".repeat(60));
    assert.equal(ofOwner.ok ? "" : ofOwner.error.code, "StagedContentLimit");
    assert.equal(await isStaged("a".repeat(60)), false);
    assert.ok((await removeApplication(services.context, CALLER, clientId)).ok);
    const afterRemoval = await stage("b".repeat(60));
    assert.equal(afterRemoval.ok ? "" : afterRemoval.error.code, "StagedContentLimit");
    assert.equal((await stage("b".repeat(60), { ...CALLER, id: "client-2" })).ok, true);
  });

  test("only its uploader finds it", async () => {
    await stage("mine");
    assert.equal(await isStaged("mine", { ...CALLER, id: "client-2" }), false);
  });
});
