import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Answer, assertSucceeded } from "../support/api.ts";
import { applicationWith } from "../support/applications.ts";
import { getFile, runScript } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/** Scripts that their content identifies, and the script that an action shows. */
const skip = onlyHalligan("its own interface");

const sha256 = (content: string) => createHash("sha256").update(content).digest("hex");
const unique = (text: string) => `${text} # ${randomBytes(8).toString("hex")}\n`;

const start = (commands: readonly object[], api = here().api) =>
  api.post(`/halligan/v1/machines/${here().machineId}/actions`, { Commands: commands, Comment: "wire test" });

const scriptOf = (id: string, index = 0, api = here().api) =>
  api.get(`/halligan/v1/actions/${id}/commands/${index}/script`);

async function ended(answer: Answer): Promise<{ id: string; output: string }> {
  assert.equal(answer.status, 201, answer.text);
  const id = textAt(answer.body, "id");
  assertSucceeded(await here().api.waitForEnd(id));
  return { id, output: textAt(await here().api.transcript(id), "script_output") };
}

test("content without a name runs by a shell, gets a name, and is returned with its SHA-256", { skip }, async () => {
  const content = unique('echo "a shell: $1" | tr a-z A-Z');
  const args = { key: "Args", value: "arg" };
  const answer = await start([{ type: "RunScript", params: [args], content }]);
  assert.deepEqual(at(answer.body, "commands", 0, "command", "params"), [
    { key: "ScriptName", value: "script.sh" },
    args,
  ]);
  const { id, output } = await ended(answer);
  assert.equal(output, "A SHELL: ARG\n");
  const script = await scriptOf(id);
  assert.equal(script.status, 200, script.text);
  assert.equal(script.text, content);
  assert.equal(script.headers.get("etag"), `"${sha256(content)}"`);
  assert.match(script.headers.get("content-disposition") ?? "", /script\.sh/);
});

test("the interpreter of content without a name is the one that the request names", { skip }, async () => {
  const content = unique("import sys; print(len(sys.version_info))");
  const { output } = await ended(await start([{ type: "RunScript", params: [], content, interpreter: "python" }]));
  assert.equal(output, "5\n");
  const line = unique("#!/bin/sh\necho by its first line");
  const first = await start([{ type: "RunScript", params: [], content: line, interpreter: "python" }]);
  assert.equal((await ended(first)).output, "by its first line\n");
});

test("a SHA-256 alone runs a present file of the library, also for a caller who may not add to it", {
  skip,
}, async () => {
  const { library } = here();
  const [old, present] = [unique("echo old"), unique("echo present")];
  const name = await library.add("by-hash.sh", old);
  await library.add("by-hash.sh", present);
  const runner = await applicationWith(here(), "runs by hash", ["Machine.LiveResponse"]);
  const byHash = (content: string) => start([{ type: "RunScript", params: [], sha256: sha256(content) }], runner);
  const answer = await byHash(present);
  assert.deepEqual(at(answer.body, "commands", 0, "command"), runScript(name));
  assert.equal((await ended(answer)).output, "present\n");
  for (const absent of [old, unique("echo never uploaded")]) {
    const refusal = new RegExp(`no file with the SHA-256 ${sha256(absent)}`);
    assertError(await byHash(absent), 404, "ResourceNotFound", refusal);
  }
});

test("an action shows the library script that it ran after the file was replaced and deleted", { skip }, async () => {
  const { api, library } = here();
  const content = unique("echo ran");
  const name = await library.add("shown.sh", content);
  const { id } = await ended(
    await api.post(`/api/machines/${here().machineId}/runliveresponse`, {
      Commands: [runScript(name)],
      Comment: "wire test",
    }),
  );
  await library.add("shown.sh", unique("echo replaced"));
  assert.equal((await scriptOf(id)).text, content);
  assert.equal((await api.send("DELETE", `/api/libraryfiles/${name}`)).status, 204);
  assert.equal((await scriptOf(id)).text, content);
  const part = await api.send("GET", `/halligan/v1/actions/${id}/commands/0/script`, {
    headers: { range: "bytes=0-3" },
  });
  assert.deepEqual([part.status, part.text], [206, "echo"]);
});

test("a script is for callers who may read results, and a command without one is 404", { skip }, async () => {
  const content = unique("echo private");
  const answer = await start([{ type: "RunScript", params: [], content }, getFile("/etc/hostname")]);
  const id = textAt(answer.body, "id");
  const reader = await applicationWith(here(), "reads results", ["Machine.Read.All"]);
  const starter = await applicationWith(here(), "starts only", ["Machine.LiveResponse"]);
  assert.equal((await scriptOf(id, 0, reader)).text, content);
  assertError(await scriptOf(id, 0, starter), 403, "Forbidden");
  assertError(await scriptOf(id, 1), 404, "ResourceNotFound", /it is a GetFile/);
  assertError(await scriptOf(id, 2), 404, "ResourceNotFound", /2 command\(s\)/);
  await here().api.waitForEnd(id);
  const missing = await start([runScript("wire-none.sh")]);
  assertError(await scriptOf(textAt(missing.body, "id")), 404, "ResourceNotFound", /no file wire-none\.sh/);
  await here().api.waitForEnd(textAt(missing.body, "id"));
});
