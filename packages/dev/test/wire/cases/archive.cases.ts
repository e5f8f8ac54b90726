import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Answer, assertSucceeded, fetchLink } from "../support/api.ts";
import { getFile, putFile, runScript } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { at, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * A GetFile with `archive` or `PathBase64`: `POST /halligan/v1/machines/{id}/actions`.
 * `docs/decisions/0050-archives.md`.
 */
const skip = onlyHalligan("its own interface");

const start = (...commands: object[]): Promise<Answer> =>
  here().api.post(`/halligan/v1/machines/${here().machineId}/actions`, { Commands: commands, Comment: "wire test" });

const BASE = `archive-${randomBytes(4).toString("hex")}`;
const TREE = `mkdir -p ${BASE}/sub && echo one > ${BASE}/a.log && echo two > ${BASE}/sub/b.log && echo x > ${BASE}/c.txt`;

async function endedId(answer: Answer): Promise<string> {
  assert.equal(answer.status, 201, answer.text);
  const id = textAt(answer.body, "id");
  assertSucceeded(await here().api.waitForEnd(id));
  return id;
}

/** Names of the archive in its sequence, without the folder of this machine. */
function namesIn(archive: Uint8Array): string[] {
  const listed = execFileSync("tar", ["-tzf", "-"], { input: archive, encoding: "utf8" });
  return listed
    .trim()
    .split("\n")
    .map((name) => name.replace(/^files\/.*?\/archive-[0-9a-f]{8}/, "files"));
}

test("a folder and a pattern come as a tar.gz under a name that says so", { skip }, async () => {
  const id = await endedId(
    await start(
      { ...runScript("tree.sh"), content: TREE },
      { ...getFile(BASE), archive: { kind: "folder" } },
      { ...getFile(`${BASE}/**/*.log`), archive: { kind: "pattern", maxFiles: 10, maxBytes: 10_000 } },
    ),
  );
  const folder = await fetchLink(textAt((await here().api.downloadUrl(id, 1)).body, "value"));
  assert.equal(folder.headers.get("content-type"), "application/gzip");
  assert.equal(folder.headers.get("content-encoding"), null);
  assert.equal(folder.headers.get("content-disposition"), `attachment; filename="${BASE}.tar.gz"`);
  assert.deepEqual(namesIn(folder.bytes), [
    "files/",
    "files/a.log",
    "files/c.txt",
    "files/sub/",
    "files/sub/b.log",
    "manifest/000001.jsonl",
  ]);
  const pattern = await here().api.result(id, 2);
  assert.deepEqual(namesIn(pattern.bytes), ["files/a.log", "files/sub/b.log", "manifest/000001.jsonl"]);
  // The contract's entity shows the command in the contract's form.
  assert.deepEqual(at((await here().api.action(id)).body, "commands", 1, "command"), getFile(BASE));
});

test("what a pattern does not find fails the command with the reason", { skip }, async () => {
  const answer = await start({ ...getFile(`${BASE}-none/*`), archive: { kind: "pattern" } });
  assert.equal(answer.status, 201, answer.text);
  const ended = await here().api.waitForEnd(textAt(answer.body, "id"));
  assert.equal(at(ended, "status"), "Failed");
  assert.match(textAt(ended, "commands", 0, "errors", 0), /does not exist/);
});

test("a path may be given in base64, and is shown as it was given", { skip }, async () => {
  const encoded = (path: string) => Buffer.from(path).toString("base64");
  const byBytes = { type: "GetFile", params: [{ key: "PathBase64", value: encoded(`${BASE}-b.txt`) }] };
  const id = await endedId(await start({ ...runScript("b.sh"), content: `echo by bytes > ${BASE}-b.txt` }, byBytes));
  const result = await here().api.result(id, 1);
  assert.equal(execFileSync("gzip", ["-dc"], { input: result.bytes, encoding: "utf8" }), "by bytes\n");
  assert.deepEqual(at((await here().api.action(id)).body, "commands", 1, "command"), byBytes);
});

test("a mistake in an archive or in base64 is 400 and named; the contract's route knows neither", {
  skip,
}, async () => {
  const folder = { kind: "folder" };
  const encoded = { type: "GetFile", params: [{ key: "PathBase64", value: "L2E=" }] };
  for (const [command, expected] of [
    [{ ...getFile("/a"), archive: { ...folder, recursive: true } }, /recursive/],
    [{ ...getFile("/a"), archive: { kind: "zip" } }, /archive/],
    [{ ...getFile("/a"), archive: { ...folder, maxFiles: 0 } }, /maxFiles/],
    [{ ...getFile("/a"), archive: { ...folder, maxFiles: 100_001 } }, /maxFiles is 100001; .* at most 100000/],
    [{ ...putFile("a"), archive: folder }, /PutFile takes no archive/],
    [{ ...encoded, params: [{ key: "PathBase64", value: "?" }] }, /not base64/],
    [{ ...encoded, params: [...encoded.params, { key: "Path", value: "/a" }] }, /given with/],
    [{ ...getFile("/a"), Archive: folder }, /Archive/],
  ] as const) {
    assertError(await start(command), 400, "InvalidRequestBody", expected);
  }
  const { api, machineId } = here();
  for (const [command, expected] of [
    [{ ...getFile("/a"), archive: folder }, /archive/],
    [encoded, /no parameter .*PathBase64.*; it takes Path"/],
  ] as const) {
    const body = { Commands: [command], Comment: "wire test" };
    const answer = await api.post(`/api/machines/${machineId}/runliveresponse`, body);
    assertError(answer, 400, "InvalidRequestBody", expected);
  }
});
