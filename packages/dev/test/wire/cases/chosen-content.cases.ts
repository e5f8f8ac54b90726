import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Answer, type Api, assertSucceeded, type Command } from "../support/api.ts";
import { applicationWith } from "../support/applications.ts";
import { getFile, putFile, runScript, UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, keysOf, listAt, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * `POST /halligan/v1/machines/{id}/actions`: the contract's start, bound to the bytes that its
 * caller chose.
 */
const skip = onlyHalligan("its own interface");

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
const script = (text: string) => `#!/bin/sh\n${text} # ${randomBytes(8).toString("hex")}\n`;

type Chosen = Command & {
  readonly sha256?: string;
  readonly staged?: string;
  readonly content?: string;
  readonly interpreter?: string;
};

const start = (commands: readonly Chosen[], more: object = {}, api = here().api, machineId = here().machineId) =>
  api.post(`/halligan/v1/machines/${machineId}/actions`, { Commands: commands, Comment: "wire test", ...more });

const stage = (content: string | Uint8Array, name = sha256(content), api = here().api) =>
  api.send("PUT", `/halligan/v1/content/${name}`, { body: content });

async function outputOf(answer: Answer, index = 0): Promise<string> {
  assert.equal(answer.status, 201, answer.text);
  const id = textAt(answer.body, "id");
  assertSucceeded(await here().api.waitForEnd(id));
  return textAt(await here().api.transcript(id, index), "script_output");
}

const library = async () => listAt((await here().api.get("/api/libraryfiles")).body, "value");

test("a start with a library file's SHA-256 runs it, and its answer is the contract's", { skip }, async () => {
  const content = script("echo pinned");
  const name = await here().library.add("pinned.sh", content);
  const answer = await start([{ ...runScript(name), sha256: sha256(content) }]);
  assert.deepEqual(at(answer.body, "commands", 0, "command"), runScript(name));
  assert.equal(at(answer.body, "status"), "Pending");
  assert.equal(await outputOf(answer), "pinned\n");
});

test("a library file with another SHA-256 than the pinned one is 409, says which it has, and nothing is started", {
  skip,
}, async () => {
  const chosen = script("echo chosen");
  const name = await here().library.add("replaced.sh", chosen);
  const other = script("echo other");
  await here().library.add("replaced.sh", other);
  const answer = await start([{ ...runScript(name), sha256: sha256(chosen) }]);
  assertError(answer, 409, "LibraryFileChanged", new RegExp(`${sha256(other)} now, not ${sha256(chosen)}`));
  assertError(await start([{ ...runScript("wire-none.sh"), sha256: sha256(other) }]), 404, "ResourceNotFound");
  assert.equal(await outputOf(await start([{ ...runScript(name), sha256: sha256(other) }])), "other\n");
});

test("a name alone means what the contract says, also when the library does not have it", { skip }, async () => {
  const name = await here().library.script("by-name", "echo by name");
  assert.equal(await outputOf(await start([runScript(name)])), "by name\n");
  const unknown = await start([runScript("wire-none.sh")]);
  assert.equal(unknown.status, 201, unknown.text);
  const ended = await here().api.waitForEnd(textAt(unknown.body, "id"));
  assert.match(textAt(ended, "commands", 0, "errors", 0), /no file named/);
});

test("content in the request runs under the name that it is given, and the library stays as it is", {
  skip,
}, async () => {
  const before = await library();
  const name = "Erster Versuch ü.sh";
  const answer = await start([{ ...runScript(name, "a b"), content: script('echo "inline $1 $2"') }]);
  assert.equal(await outputOf(answer), "inline a b\n");
  const id = textAt(answer.body, "id");
  assert.equal(textAt(await here().api.transcript(id), "script_name"), name);
  assert.deepEqual(at((await here().api.action(id)).body, "commands", 0, "command"), runScript(name, "a b"));
  assert.deepEqual(await library(), before);
});

test("staged content is put and run, by its SHA-256 alone", { skip }, async () => {
  const [tool, run] = [randomBytes(100_000), script("wc -c < tool.bin | tr -d ' '")];
  for (const content of [tool, run, run]) {
    const answer = await stage(content);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(keysOf(answer.body), ["sha256", "sizeBytes", "expiresAt"]);
  }
  const commands = [
    { ...putFile("tool.bin"), staged: sha256(tool) },
    { ...runScript("run.sh"), staged: sha256(run) },
  ];
  assert.equal(await outputOf(await start(commands), 1), "100000\n");
  // It stays for other actions of its caller.
  assert.equal(await outputOf(await start(commands), 1), "100000\n");
});

test("content that is empty, or longer than one part of the store, can be staged and put", { skip }, async () => {
  const [empty, long] = [Buffer.alloc(0), randomBytes(9 * 1024 * 1024)];
  for (const content of [empty, long]) assert.equal((await stage(content)).status, 200);
  const size = script("wc -c < empty.bin | tr -d ' '; sha256sum < long.bin | cut -d' ' -f1");
  const commands = [
    { ...putFile("empty.bin"), staged: sha256(empty) },
    { ...putFile("long.bin"), staged: sha256(long) },
    { ...runScript("size.sh"), content: size },
  ];
  assert.equal(await outputOf(await start(commands), 2), `0\n${sha256(long)}\n`);
});

test("other bytes than those of the SHA-256 in the path are 400, the first time and again, and are not kept", {
  skip,
}, async () => {
  const content = script("echo staged");
  const other = Buffer.from(content.replace("staged", "stagED"));
  assertError(await stage(other, sha256(content)), 400, "InvalidInput", /another SHA-256/);
  assertError(await start([{ ...runScript("x.sh"), staged: sha256(content) }]), 404, "ResourceNotFound");
  assert.equal((await stage(content)).status, 200);
  assertError(await stage(other, sha256(content)), 400, "InvalidInput", /another SHA-256/);
  assert.equal(await outputOf(await start([{ ...runScript("x.sh"), staged: sha256(content) }])), "staged\n");
  for (const name of ["none", "g".repeat(64), "a".repeat(63)]) {
    assertError(await stage(content, name), 400, "InvalidInput");
  }
});

test("a SHA-256 in capitals, as PowerShell writes it, means the same bytes", { skip }, async () => {
  const { library: files } = here();
  const content = script("echo capitals");
  const hash = sha256(content).toUpperCase();
  assert.equal((await stage(content, hash)).status, 200);
  assert.equal(await outputOf(await start([{ ...runScript("x.sh"), staged: hash }])), "capitals\n");
  const name = await files.add("capitals.sh", content);
  assert.equal(await outputOf(await start([{ ...runScript(name), sha256: hash }])), "capitals\n");
});

test("many uploads of one content at a time leave one that can be used", { skip }, async () => {
  const content = script("echo once");
  const answers = await Promise.all(Array.from({ length: 8 }, () => stage(content)));
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(await outputOf(await start([{ ...runScript("once.sh"), staged: sha256(content) }])), "once\n");
});

test("a SHA-256 gives no access to what another caller staged", { skip }, async () => {
  const content = script("echo secret");
  assert.equal((await stage(content)).status, 200);
  const other = await applicationWith(here(), "knows a hash", ["Machine.LiveResponse", "Library.Manage"]);
  const commands = [{ ...runScript("x.sh"), staged: sha256(content) }];
  assertError(await start(commands, {}, other), 404, "ResourceNotFound", /not uploaded/);
  // Nor does it by pinning, for a name that the library does not have.
  assertError(await start([{ ...runScript("x.sh"), sha256: sha256(content) }], {}, other), 404, "ResourceNotFound");
});

test("content that is not of the library needs Library.Manage; a pinned library file does not", {
  skip,
}, async () => {
  const runner = await applicationWith(here(), "runs only", ["Machine.LiveResponse"]);
  const content = script("echo of the library");
  const name = await here().library.add("for-all.sh", content);
  for (const choice of [{ content: "echo x" }, { staged: sha256(content) }]) {
    assertError(await start([{ ...runScript("x.sh"), ...choice }], {}, runner), 403, "Forbidden", /Library\.Manage/);
  }
  assertError(await stage(content, sha256(content), runner), 403, "Forbidden");
  const found = await runner.get(`/halligan/v1/library/${name}`);
  assert.equal(found.status, 200, found.text);
  const pin = textAt(found.body, "sha256");
  assert.equal(pin, sha256(content));
  assert.equal(await outputOf(await start([{ ...runScript(name), sha256: pin }], {}, runner)), "of the library\n");
});

test("a start that does not say clearly what it means is 400 and names the place", { skip }, async () => {
  const run = runScript("x.sh");
  const hash = sha256("x");
  for (const [commands, more, message] of [
    [[{ ...run, sha256: hash, staged: hash }], {}, /Commands\[0\] has sha256 and staged/],
    [[{ ...run, staged: hash, content: "x" }], {}, /Commands\[0\] has staged and content/],
    [[run, { ...getFile("/x"), sha256: hash }], {}, /Commands\[1\]: GetFile takes no sha256/],
    [[{ ...run, sha256: hash.slice(1) }], {}, /sha256 must have 64 hex digits/],
    [[Object.assign({ Sha256: hash }, run)], {}, /Sha256/],
    [[run], { options: { keepprocesses: true } }, /keepprocesses/],
    [[run], { options: { keepProcesses: "yes" } }, /keepProcesses/],
    [[{ ...runScript("a/b.sh"), content: "x" }], {}, /slash/],
    [[{ ...putFile(".."), content: "x" }], {}, /folder/],
    [[{ ...putFile("a\nb"), content: "x" }], {}, /control character/],
    [[{ ...putFile("ü".repeat(128)), content: "x" }], {}, /256 bytes/],
    [[{ ...run, content: "x" }, putFile("late.bin")], {}, /order is PutFile/],
  ] as const) {
    assertError(await start(commands, more), 400, "InvalidRequestBody", message);
  }
  const nameless = { type: "RunScript", params: [] } as const;
  for (const commands of [[nameless], [{ type: "PutFile", params: [], content: "x" } as const]]) {
    assertError(await start(commands), 400, "MissingRequiredParameter", /ScriptName|FileName/);
  }
  for (const command of [
    { ...run, content: "x", interpreter: "python" },
    { ...nameless, sha256: hash, interpreter: "python" },
    { ...run, interpreter: "python" },
  ]) {
    assertError(await start([command]), 400, "InvalidRequestBody", /interpreter is for content without a ScriptName/);
  }
  assertError(await start([{ ...nameless, content: "x", interpreter: "cobol" }]), 400, "InvalidRequestBody");
});

test("it is refused as the contract's start is", { skip }, async () => {
  const { api, library: files, machineId } = here();
  assertError(await start([getFile("/x")], {}, api, UNKNOWN_MACHINE), 404, "ResourceNotFound");
  const slow = await api.start(machineId, [runScript(await files.script("slow-own", "sleep 60"))]);
  const busy = await start([{ ...runScript("x.sh"), content: "echo x" }]);
  assertError(busy, 400, "ActiveRequestAlreadyExists", new RegExp(`active action id: ${slow}`));
  assert.equal((await api.cancel(slow)).status, 200);
});

test("its audit record is that of a start, with the SHA-256 of what runs, and staging has one of its own", {
  skip,
}, async () => {
  const content = script("echo audited");
  const answer = await start([{ ...runScript("audited.sh"), content }], { options: { keepProcesses: true } });
  await outputOf(answer);
  const ofAction = await here().api.get(
    `/halligan/v1/audit?actionId=${textAt(answer.body, "id")}&operation=RunLiveResponse`,
  );
  const [record] = listAt(ofAction.body, "value");
  assert.equal(at(record, "detail", "commands", 0, "sha256"), sha256(content));
  assert.equal(at(record, "detail", "options", "keepProcesses"), true);
  const staging = await here().api.get("/halligan/v1/audit?operation=StageContent");
  assert.ok(listAt(staging.body, "value").some((one) => at(one, "detail", "sha256") === sha256(content)));
});

test("while a name is replaced over and over, each pinned start runs its own bytes or is refused", {
  skip,
}, async () => {
  const { api, library: files, target } = here();
  const versions = [script("echo even"), script("echo odd")] as const;
  const name = await files.add("races.sh", versions[0]);
  let isOver = false;
  const replacing = (async () => {
    for (let round = 1; !isOver; round += 1) await files.add("races.sh", versions[round % 2] ?? "");
  })();
  const runs = Promise.all(
    target.machineIds.map(async (id, machine) => {
      for (let round = 0; round < 12; round += 1) {
        const answer = await start([{ ...runScript(name), sha256: sha256(versions[machine % 2] ?? "") }], {}, api, id);
        if (answer.status === 409) continue;
        assert.equal(await outputOf(answer), machine % 2 === 0 ? "even\n" : "odd\n");
      }
    }),
  );
  try {
    await runs;
  } finally {
    isOver = true;
    await replacing;
  }
});

test("an upload of Halligan's own keeps the properties of a replaced file that it omits", { skip }, async () => {
  const { api, library: files } = here();
  const name = files.name("described.sh");
  const put = (query: string, content: string) =>
    api.send("PUT", `/halligan/v1/library/${name}?override=true${query}`, { body: content });
  await put("&description=first&hasParameters=true&parametersDescription=days", "1");
  const kept = await put("", "2");
  assert.deepEqual(described(kept), ["first", true, "days"]);
  assert.deepEqual(described(await put("&description=second", "3")), ["second", true, "days"]);
  assert.deepEqual(described(await put("&description=&hasParameters=false", "4")), [null, false, null]);
  const other = await put(`&sha256=${sha256("announced")}`, "5");
  assertError(other, 400, "InvalidInput", /has the SHA-256/);
  assert.equal(await hashOf(api, name), sha256("4"));
});

const described = ({ body }: Answer) => [
  at(body, "description"),
  at(body, "hasParameters"),
  at(body, "parametersDescription"),
];
const hashOf = async (api: Api, name: string) => textAt((await api.get(`/halligan/v1/library/${name}`)).body, "sha256");
