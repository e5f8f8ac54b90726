import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import { ok } from "@halligan/protocol/errors";
import { longestActionMs } from "../../../../src/domain/actions/action-bound.ts";
import { cancelMachineAction } from "../../../../src/service/actions/cancel-machine-action.ts";
import { runLiveResponse } from "../../../../src/service/actions/start/run-live-response.ts";
import { addUploadedLibraryFile } from "../../../../src/service/library/add-uploaded-library-file.ts";
import { findScript } from "../../../../src/service/library/find-script.ts";
import { removeLibraryFile } from "../../../../src/service/library/remove-library-file.ts";
import { removeUnusedLibraryContent } from "../../../../src/service/library/remove-unused-library-content.ts";
import { PLAYBOOK, type TestServices, testServices } from "../../../support/test-services.ts";

const DAY_MS = 24 * 3_600_000;
const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");

describe("content of library files that were replaced or deleted", () => {
  let services: TestServices;
  beforeEach(async () => {
    services = await testServices({ libraryRetentionMs: 30 * DAY_MS, resultRetentionMs: DAY_MS });
    // A short time before a start, so that the retention of the library is the longer one.
    const { limits } = services.context;
    services.context = { ...services.context, limits: { ...limits, options: { ...limits.options, notBeforeMs: 0 } } };
  });
  afterEach(() => services[Symbol.asyncDispose]());

  const put = (content: string) =>
    services.context.blobs.putLibrary(
      (async function* () {
        yield Buffer.from(content);
      })(),
      { limitBytes: 1_000 },
    );
  const add = (fileName: string, content: string) => {
    const rest = { description: null, hasParameters: false, parametersDescription: null, overrideIfExists: true };
    const file = { fileName, sha256: sha256(content), sizeBytes: content.length, ...rest };
    return addUploadedLibraryFile(services.context, PLAYBOOK, file, "PutLibraryFile");
  };
  const upload = async (fileName: string, content: string) => {
    await put(content);
    const added = await add(fileName, content);
    assert.ok(added.ok, added.ok ? "" : added.error.code);
  };
  const isThere = async (content: string) => (await services.context.blobs.statLibrary(sha256(content))) !== null;
  const after = async (ms: number) => {
    services.time.nowMs += ms;
    return removeUnusedLibraryContent(services.context);
  };

  test("goes after the retention and not before, but not what a present file has as well", async () => {
    await upload("a.sh", "first");
    await upload("a.sh", "second");
    await upload("b.sh", "same");
    await upload("c.sh", "same");
    await removeLibraryFile(services.context, PLAYBOOK, "b.sh");
    await upload("d.sh", "deleted");
    await removeLibraryFile(services.context, PLAYBOOK, "d.sh");
    assert.equal(await after(30 * DAY_MS - 1), 0);
    assert.equal(await after(2), 2);
    assert.deepEqual(await Promise.all(["first", "second", "same", "deleted"].map(isThere)), [
      false,
      true,
      true,
      false,
    ]);
    assert.equal(await after(DAY_MS), 0, "once");
    const versions = await services.context.store.read((tx) => tx.library.versions("a.sh"));
    assert.deepEqual(
      versions.map((version) => version.sha256),
      [sha256("second"), sha256("first")],
      "the history stays",
    );
    await upload("d.sh", "deleted");
    assert.equal(await isThere("deleted"), true, "the same bytes may come back");
  });

  test("stays while an action that was made before is open, and goes when it has ended", async () => {
    await upload("a.sh", "pinned");
    const machine = await services.addMachine();
    const Commands = [{ type: "RunScript" as const, params: [{ key: "ScriptName", value: "a.sh" }] }];
    const started = await runLiveResponse(services.context, PLAYBOOK, machine.id, { Commands, Comment: "c" });
    assert.ok(started.ok);
    services.time.nowMs += 1;
    await upload("a.sh", "newer");
    assert.equal(await after(31 * DAY_MS), 0);
    assert.equal(await isThere("pinned"), true);
    await cancelMachineAction(services.context, PLAYBOOK, started.value.id, "c");
    assert.equal(await after(1), 1);
    assert.equal(await isThere("pinned"), false);
  });

  test("is shown by the actions that pinned it as long as their results are kept", async () => {
    services.context = { ...services.context, limits: { ...services.context.limits, resultRetentionMs: 60 * DAY_MS } };
    await upload("a.sh", "pinned");
    const machine = await services.addMachine();
    const Commands = [{ type: "RunScript" as const, params: [{ key: "ScriptName", value: "a.sh" }] }];
    const started = await runLiveResponse(services.context, PLAYBOOK, machine.id, { Commands, Comment: "c" });
    assert.ok(started.ok);
    const { id } = started.value;
    services.time.nowMs += 1;
    await removeLibraryFile(services.context, PLAYBOOK, "a.sh");
    services.time.nowMs += DAY_MS;
    await cancelMachineAction(services.context, PLAYBOOK, id, "c");
    assert.equal(await after(60 * DAY_MS), 0);
    const found = await findScript(services.context, PLAYBOOK, id, 0);
    assert.deepEqual(found, ok({ fileName: "a.sh", pin: { sha256: sha256("pinned"), sizeBytes: 6 } }));
    assert.equal(await after(longestActionMs(services.context.limits)), 1);
    const gone = await findScript(services.context, PLAYBOOK, id, 0);
    assert.equal(gone.ok ? "" : gone.error.code, "ScriptNotFound");
  });

  test("that a crash left marked is removed by the next run", async () => {
    await upload("a.sh", "first");
    await upload("a.sh", "second");
    const { blobs } = services.context;
    const deleteLibrary = blobs.deleteLibrary.bind(blobs);
    for (const crash of ["before the bytes go", "after the bytes went"]) {
      Object.assign(blobs, {
        async deleteLibrary(id: string) {
          if (crash.startsWith("after")) await deleteLibrary(id);
          throw new Error(`killed ${crash}`);
        },
      });
      await assert.rejects(after(31 * DAY_MS), /killed/);
    }
    Object.assign(blobs, { deleteLibrary });
    assert.equal(await after(1), 1);
    assert.equal(await isThere("first"), false);
    assert.equal(await after(1), 0);
  });

  test("is not lost to an upload of the same bytes at the same moment: the upload is refused, and works again", async () => {
    await upload("a.sh", "again");
    await removeLibraryFile(services.context, PLAYBOOK, "a.sh");
    const { blobs } = services.context;
    const deleteLibrary = blobs.deleteLibrary.bind(blobs);
    // The upload finds its bytes. They are marked and removed before and after its row exists.
    const codes: string[] = [];
    Object.assign(blobs, {
      async deleteLibrary(id: string) {
        const during = await add("b.sh", "again");
        codes.push(during.ok ? "added" : during.error.code);
        return deleteLibrary(id);
      },
    });
    await put("again");
    assert.equal(await after(31 * DAY_MS), 1);
    const late = await add("b.sh", "again");
    codes.push(late.ok ? "added" : late.error.code);
    assert.deepEqual(codes, ["LibraryContentRemoved", "LibraryContentRemoved"]);
    assert.deepEqual(await services.context.store.read((tx) => tx.library.list()), []);
    Object.assign(blobs, { deleteLibrary });
    await upload("b.sh", "again");
    assert.equal(await isThere("again"), true);
  });
});
