import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { assertSucceeded } from "../support/api.ts";
import { putFile, runScript } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, keysOf, listAt, textAt } from "../support/json.ts";
import { fieldPart, filePart, MULTIPART, multipartText, type PartText } from "../support/multipart-text.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * The library. `docs/contract/clients-in-the-wild.md#library`,
 * `docs/contract/http-api.md#library-files`.
 */
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

async function listed(name: string): Promise<unknown> {
  const answer = await here().api.get("/api/libraryfiles");
  assert.equal(answer.status, 200, answer.text);
  return listAt(answer.body, "value").find((file) => at(file, "fileName") === name);
}

const uploadParts = (parts: readonly PartText[]) =>
  here().api.send("POST", "/api/libraryfiles", {
    body: multipartText(parts),
    headers: { "content-type": MULTIPART },
  });

test("an upload answers 200 with the entity", async () => {
  const { library } = here();
  const name = library.name("golden.sh");
  const content = "#!/bin/sh\necho golden\n";
  const answer = await library.upload(name, content, {
    Description: "what it does",
    HasParameters: "true",
    ParametersDescription: "one or two",
  });
  assert.equal(answer.status, 200, answer.text);
  assertGolden(answer.body, {
    "@odata.context": context("LibraryFiles/$entity"),
    fileName: name,
    sha256: sha256(content),
    description: "what it does",
    creationTime: "<time>",
    lastUpdatedTime: "<time>",
    createdBy: "<text>",
    hasParameters: true,
    parametersDescription: "one or two",
  });
});

test("the list has its context and files with these keys, description null when there is none", async () => {
  const { api, library } = here();
  const name = await library.add("listed.txt", "listed");
  const answer = await api.get("/api/libraryfiles");
  assert.equal(answer.status, 200);
  assert.deepEqual(keysOf(answer.body), ["@odata.context", "value"]);
  assertGolden(at(answer.body, "@odata.context"), context("LibraryFiles"));
  assertGolden(await listed(name), {
    fileName: name,
    sha256: sha256("listed"),
    description: null,
    creationTime: "<time>",
    lastUpdatedTime: "<time>",
    createdBy: "<text>",
    hasParameters: false,
    parametersDescription: "<text or null>",
  });
});

test("the list is whole: no page is to be followed", async () => {
  const { api, library } = here();
  const names = await Promise.all(Array.from({ length: 30 }, (_, i) => library.add(`whole-${i}.txt`, String(i))));
  const answer = await api.get("/api/libraryfiles");
  const found = new Set(listAt(answer.body, "value").map((file) => at(file, "fileName")));
  assert.ok(names.every((name) => found.has(name)));
  assert.equal(at(answer.body, "@odata.nextLink"), undefined);
});

for (const partName of ["file", "File", "FILE"]) {
  for (const contentType of ["text/plain", "application/octet-stream", null]) {
    for (const place of ["first", "last"] as const) {
      test(`the part ${partName} of type ${contentType} may come ${place}`, async () => {
        const { library } = here();
        const name = library.name(`part-${place}-${partName}`);
        const file = filePart(partName, name, "a,b\r\nc", contentType);
        const fields = [
          fieldPart("Description", "d"),
          fieldPart("HasParameters", "false"),
          fieldPart("OverrideIfExists", "true"),
          fieldPart("ParametersDescription", ""),
        ];
        const answer = await uploadParts(place === "first" ? [file, ...fields] : [...fields, file]);
        assert.equal(answer.status, 200, answer.text);
        assert.equal(textAt(answer.body, "sha256"), sha256("a,b\r\nc"));
        assert.equal(textAt(answer.body, "description"), "d");
      });
    }
  }
}

test("every field but the file may be left out", async () => {
  const name = here().library.name("alone.txt");
  const answer = await uploadParts([filePart("file", name, "alone", null)]);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(at(answer.body, "hasParameters"), false);
});

test("booleans are text, in any letter case", async () => {
  const { library } = here();
  for (const text of ["true", "True", "TRUE"]) {
    const answer = await library.upload(library.name("bool.txt"), text, {
      HasParameters: text,
      OverrideIfExists: text,
    });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(at(answer.body, "hasParameters"), true);
  }
});

test("an upload without the file is 400 MissingRequiredParameter", async () => {
  const answer = await uploadParts([fieldPart("Description", "no file")]);
  assertError(answer, 400, "MissingRequiredParameter", /File/);
});

test("an existing name without override is a 4xx whose message says that it already exists, and the file stays", async () => {
  const { library } = here();
  const name = await library.add("taken.txt", "old");
  for (const fields of [{}, { OverrideIfExists: "false" }, { OverrideIfExists: "" }]) {
    const answer = await library.upload(name, "new", fields);
    assertError(answer, 400, "InvalidInput", /already exists/);
  }
  assert.equal(textAt(await listed(name), "sha256"), sha256("old"));
});

test("a SHA-256 in a query or a path is taken in any letter case, and one that is none is refused before a byte is read", {
  skip: onlyHalligan("its upload"),
}, async () => {
  const { api, library } = here();
  const name = await library.add("any-case.txt", "one");
  const hash = sha256("one").toUpperCase();
  const path = `/halligan/v1/library/${name}`;
  const put = await api.send("PUT", `${path}?override=true&sha256=${hash}`, { body: "one" });
  assert.equal(put.status, 200, put.text);
  assert.equal((await api.get(`${path}/content?sha256=${hash}`)).text, "one");
  const staged = await api.send("PUT", `/halligan/v1/content/${hash}`, { body: "one" });
  assert.equal(textAt(staged.body, "sha256"), sha256("one"), staged.text);
  for (const none of ["abc", "g".repeat(64), "a".repeat(65)]) {
    assertError(
      await api.send("PUT", `${path}?override=true&sha256=${none}`, { body: "two" }),
      400,
      "InvalidInput",
      /sha256 must have 64 hex digits/,
    );
    assertError(await api.get(`${path}/content?sha256=${none}`), 400, "InvalidInput", /sha256 must have 64 hex digits/);
    const answer = await api.send("PUT", `/halligan/v1/content/${none}`, { body: "two" });
    assertError(answer, 400, "InvalidInput", /64 hex digits/);
  }
  assert.equal(textAt(await listed(name), "sha256"), sha256("one"));
});

test("with override the content is the new one, the creation time the old one", async () => {
  const { library } = here();
  const name = await library.add("override.txt", "old");
  const created = textAt(await listed(name), "creationTime");
  await library.upload(name, "new", { OverrideIfExists: "true" });
  const file = await listed(name);
  assert.equal(textAt(file, "sha256"), sha256("new"));
  assert.equal(textAt(file, "creationTime"), created);
  assert.ok(Date.parse(textAt(file, "lastUpdatedTime")) >= Date.parse(created));
});

test("a file that was uploaded can be run by the very next call", async () => {
  const { api, library, machineId } = here();
  for (let round = 0; round < 3; round += 1) {
    const name = await library.script("next-call", `echo round ${round}`);
    const action = await api.runToEnd(machineId, [runScript(name)]);
    assertSucceeded(action);
    assert.equal(textAt(await api.transcript(textAt(action, "id")), "script_output"), `round ${round}\n`);
  }
});

test("delete is 204 with no body, then the name is gone, and 404 ResourceNotFound", async () => {
  const { api, library } = here();
  const name = await library.add("deleted.txt", "x");
  const answer = await api.send("DELETE", `/api/libraryfiles/${name}`);
  assert.equal(answer.status, 204);
  assert.equal(answer.text, "");
  assert.equal(await listed(name), undefined);
  assertError(await api.send("DELETE", `/api/libraryfiles/${name}`), 404, "ResourceNotFound");
  assert.equal((await library.upload(name, "again")).status, 200);
});

test("names have letters, digits, -, _ and . only", async () => {
  const { library } = here();
  for (const name of ["two words.sh", "quo'te.sh", "semi;colon", "a%2fb", "ümläut.sh", "..", "$(id)"]) {
    const answer = await library.upload(name, "x", { OverrideIfExists: "true" });
    assertError(answer, 400, textAt(answer.body, "error", "code"));
    assert.equal(await listed(name), undefined);
  }
  const good = library.name("Good_Name-1.0.tar.gz");
  assert.equal((await library.upload(good, "x")).status, 200);
});

test("20 MB go through the API, more do not", async () => {
  const { library } = here();
  const name = library.name("large.bin");
  const limit = 20 * 1024 * 1024;
  const whole = await library.upload(name, new Uint8Array(20_000_000), { OverrideIfExists: "true" });
  assert.equal(whole.status, 200, whole.text);
  const answer = await library.upload(library.name("too-large.bin"), new Uint8Array(limit + 1), {});
  assertError(answer, 400, textAt(answer.body, "error", "code"));
});

test("what an unfinished action refers to survives override and delete", {
  skip: onlyHalligan("its choice"),
}, async () => {
  const { api, library, machineId } = here();
  const name = await library.script("survives", "sleep 0.5; echo the first text");
  const put = await library.add("survives.txt", "put");
  const id = await api.start(machineId, [putFile(put), runScript(name), runScript(name)]);
  await library.script("survives", "echo another text");
  assert.equal((await api.send("DELETE", `/api/libraryfiles/${name}`)).status, 204);
  const action = await api.waitForEnd(id);
  assertSucceeded(action);
  for (const index of [1, 2]) {
    assert.equal(textAt(await api.transcript(id, index), "script_output"), "the first text\n");
  }
});

test("there is no reading of one file's entity or content", async () => {
  const { api, library } = here();
  const name = await library.add("unread.txt", "x");
  assertError(await api.get(`/api/libraryfiles/${name}`), 404, "NotFound");
});
