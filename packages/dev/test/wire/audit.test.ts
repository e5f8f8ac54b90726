import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { BACKGROUND_EVENTS } from "@halligan/server/src/service/audit-operations.ts";
import type { Command } from "./support/api.ts";
import { applicationWith } from "./support/applications.ts";
import { assertError } from "./support/golden.ts";
import { at, listAt, shown, textAt } from "./support/json.ts";
import { ROUTES } from "./support/route-table.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

/** What the audit log records of each operation, and under which name. */
describe("the audit log", { skip: onlyHalligan("its audit log") }, () => {
  const here = setUp();
  const script = (name: string, args?: string): Command => ({
    type: "RunScript",
    params: [{ key: "ScriptName", value: name }, ...(args === undefined ? [] : [{ key: "Args", value: args }])],
  });
  const records = async (query: string): Promise<readonly unknown[]> =>
    listAt((await here().api.get(`/halligan/v1/audit?${query}`)).body, "value");
  const record = async (query: string): Promise<unknown> => {
    const [newest] = await records(query);
    assert.ok(newest, `no record of ${query}`);
    return newest;
  };

  test("an id that can be none of a machine or an action is refused", async () => {
    for (const query of ["machineId=junk", "actionId=junk", `actionId=${"a".repeat(40)}`, "machineId=junk&after=0"]) {
      assertError(await here().api.get(`/halligan/v1/audit?${query}`), 400, "InvalidInput", /must (have|be)/);
    }
    const { machineId } = here();
    assert.deepEqual(await records(`machineId=${machineId.toUpperCase()}`), await records(`machineId=${machineId}`));
  });

  test("a start is recorded with its commands and their arguments, its comment, the caller's address and application", async () => {
    const { api, machineId, library } = here();
    const name = await library.add("says.sh", "#!/bin/sh\necho $1\n");
    const commands = [
      script(name, `--user 'eve' "x y" ü`),
      { type: "GetFile", params: [{ key: "Path", value: "/etc/hostname" }] },
    ];
    const id = await api.start(machineId, commands, "case 4711: is eve's key on this host?");
    await api.waitForEnd(id);
    const start = await record(`actionId=${id}&operation=RunLiveResponse`);
    assert.equal(at(start, "address"), "127.0.0.1");
    assert.equal(at(start, "actorKind"), "application");
    assert.equal(at(start, "application"), here().target.clientId);
    assert.equal(at(start, "actorId"), here().target.clientId);
    assert.equal(at(start, "detail", "comment"), "case 4711: is eve's key on this host?");
    assert.equal(at(start, "detail", "truncated"), undefined);
    const [first, second] = listAt(start, "detail", "commands");
    assert.equal(textAt(first, "sha256").length, 64);
    assert.deepEqual(first, {
      type: "RunScript",
      target: name,
      args: `--user 'eve' "x y" ü`,
      sha256: textAt(first, "sha256"),
    });
    assert.deepEqual(second, { type: "GetFile", target: "/etc/hostname", args: null, sha256: null });
  });

  test("long texts are cut to a bound and marked, and a long first command hides nothing of the others", async () => {
    const { api, machineId, library } = here();
    const name = await library.add("nothing.sh", "#!/bin/sh\n");
    const long = "ü€😀".repeat(20_000);
    const id = await api.start(machineId, [script(name, long), script(name, "short")], "c".repeat(8_000));
    const start = await record(`actionId=${id}&operation=RunLiveResponse`);
    assert.equal(at(start, "detail", "truncated"), true);
    assert.ok(JSON.stringify(start).length < 32_000, String(JSON.stringify(start).length));
    const [first, second] = listAt(start, "detail", "commands");
    assert.match(textAt(first, "args"), /^(ü€😀)+ü?€?… \[cut: 80000 characters in all\]$/);
    assert.equal(textAt(second, "args"), "short");
    assert.match(textAt(start, "detail", "comment"), /^c{2000,}… \[cut: 8000 characters in all\]$/);
    await api.waitForEnd(id);
  });

  test("a cancel is recorded with its comment and the caller's address", async () => {
    const { api, machineId, library } = here();
    const name = await library.add("waits.sh", "#!/bin/sh\nsleep 60\n");
    const id = await api.start(machineId, [script(name)]);
    assert.equal((await api.cancel(id, "wrong host")).status, 200);
    const cancelled = await record(`actionId=${id}&operation=CancelMachineAction`);
    assert.equal(at(cancelled, "detail", "comment"), "wrong host");
    assert.equal(at(cancelled, "address"), "127.0.0.1");
  });

  test("every record has the name of a route or of a documented background event, and the address of its caller", async () => {
    const { api, machineId, library } = here();
    const name = await library.add("nothing.sh", "#!/bin/sh\n");
    const own = `/halligan/v1/library/${encodeURIComponent(`put-${name}`)}`;
    const done = async (method: string, path: string, json?: unknown): Promise<unknown> => {
      const answer = await api.send(method, path, { ...(json !== undefined && { json }) });
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
      return answer.body;
    };
    const id = await api.start(machineId, [script(name)]);
    await api.waitForEnd(id);
    await api.downloadUrl(id, 0);
    await done("PUT", own, {});
    await done("DELETE", `/api/libraryfiles/${encodeURIComponent(`put-${name}`)}`);
    await done("POST", "/halligan/v1/enrollment-tokens", {});
    const application = await applicationWith(here(), "audited", ["Machine.Read.All"]);
    await done("DELETE", `/halligan/v1/applications/${application.target.clientId}`);
    const group = { name: `audited ${name}`, remediationLevel: "full" };
    const groupId = at(await done("POST", "/halligan/v1/device-groups", group), "id");
    await done("PUT", `/halligan/v1/device-groups/${groupId}`, { ...group, remediationLevel: "none" });
    await done("PUT", `/halligan/v1/machines/${machineId}/device-group`, { groupId });
    await done("PUT", `/halligan/v1/machines/${machineId}/device-group`, { groupId: 0 });
    await done("DELETE", `/halligan/v1/device-groups/${groupId}`);
    await done("POST", `/api/machines/${machineId}/tags`, { Value: "audited", Action: "Add" });

    const routes = new Set(ROUTES.map(({ name: route }) => route));
    const all = await records("top=1000");
    const names = new Set(all.map((one) => textAt(one, "operation")));
    for (const operation of names) {
      assert.ok(routes.has(operation) || operation in BACKGROUND_EVENTS, `${operation} is in neither list`);
    }
    for (const expected of [
      "Enroll",
      "UploadLibraryFile",
      "PutLibraryFile",
      "DeleteLibraryFile",
      "DeleteApplication",
    ]) {
      assert.ok(names.has(expected), `${expected} of ${[...names].join(", ")}`);
    }
    for (const one of all) {
      const isServers = at(one, "actorKind") === "server";
      assert.equal(at(one, "address"), isServers ? null : "127.0.0.1", shown(one));
    }
  });

  test("the documentation lists every background event, and none has the name of a route", async () => {
    const text = await readFile(new URL("../../../../docs/identity.md", import.meta.url), "utf8");
    for (const event of Object.keys(BACKGROUND_EVENTS)) {
      assert.ok(text.includes(`| \`${event}\` |`), event);
      assert.ok(!ROUTES.some(({ name }) => name === event), event);
    }
  });

  test("a filter by operation takes the name of the route table, and no name of something else", async () => {
    const names = (await records("operation=DeleteLibraryFile")).map((one) => at(one, "operation"));
    assert.deepEqual([...new Set(names)], ["DeleteLibraryFile"]);
    const starts = await records("operation=RunLiveResponse");
    assert.notEqual(starts.length, 0);
    assert.deepEqual(await records("operation=StartLiveResponse"), starts);
    assert.deepEqual(await records("operation=Nothing"), []);
    assertError(await here().api.get("/halligan/v1/audit?operations=x"), 400, "InvalidInput");
  });

  test("an export with after is oldest first, continues at nextAfter, and has each record once", async () => {
    const { api, library } = here();
    for (const name of ["one.sh", "two.sh", "three.sh"]) await library.add(name, "#!/bin/sh\n");
    const seqs: unknown[] = [];
    let after: unknown = 0;
    for (let link: unknown = ""; link !== null; ) {
      const { status, body } = await api.get(`/halligan/v1/audit?operation=UploadLibraryFile&top=2&after=${after}`);
      assert.equal(status, 200);
      seqs.push(...listAt(body, "value").map((one) => at(one, "seq")));
      link = at(body, "nextLink");
      after = at(body, "nextAfter");
      if (link !== null) assert.match(String(link), new RegExp(`[?&]after=${after}$`));
    }
    const newestFirst = (await records("operation=UploadLibraryFile&top=1000")).map((one) => at(one, "seq"));
    assert.ok(seqs.length >= 3);
    assert.deepEqual(seqs, newestFirst.toReversed());
    const { body } = await api.get(`/halligan/v1/audit?after=${after}&operation=UploadLibraryFile`);
    assert.deepEqual(listAt(body, "value"), []);
    assert.equal(at((await api.get("/halligan/v1/audit?top=1")).body, "nextAfter"), undefined);
  });

  test("a cursor above the newest record, and one together with before, are refused", async () => {
    const { api } = here();
    assertError(await api.get("/halligan/v1/audit?after=9007199254740991"), 400, "InvalidInput");
    assertError(await api.get("/halligan/v1/audit?after=1&before=3"), 400, "InvalidInput");
    for (const after of ["-1", "x", "", "1.5"]) {
      assertError(await api.get(`/halligan/v1/audit?after=${after}`), 400, "InvalidInput");
    }
  });
});
