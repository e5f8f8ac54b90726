import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { until } from "../../../../protocol/test/support/until.ts";
import { assertSucceeded, fetchLink } from "../support/api.ts";
import { getFile, putFile, runScript, UNKNOWN_ACTION } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, keysOf, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * Result links and what they give. `docs/contract/clients-in-the-wild.md#result-download`,
 * `docs/contract/http-api.md#result-download-link`, `docs/contract/lifecycle.md#results`.
 */
/** A finished action with one script that prints `hello`, and the file `name` collected. */
async function finished(text = "echo hello", ...collected: readonly string[]): Promise<string> {
  const { api, library, machineId } = here();
  const name = await library.script("result", text);
  const action = await api.runToEnd(machineId, [runScript(name), ...collected.map(getFile)]);
  assertSucceeded(action);
  return textAt(action, "id");
}

const urlOf = async (id: string, index: number) => textAt((await here().api.downloadUrl(id, index)).body, "value");

/**
 * The name as one product reads it: everything after `filename=` to the END of the header, without
 * quotes and a final `.gz`, percent-decoded.
 */
function nameToTheEnd(disposition: string): string {
  const after = disposition.split("filename=")[1] ?? "";
  return decodeURIComponent(after.replace(/^"|"$/g, "").replace(/\.gz$/, ""));
}

test("the link's answer is an Edm.String with an absolute URL", async () => {
  const id = await finished();
  const answer = await here().api.downloadUrl(id, 0);
  assert.equal(answer.status, 200);
  assertGolden(answer.body, { "@odata.context": context("Edm.String"), value: "<url>" });
});

test("the URL survives clients that change it: plain characters, no // in its path, no / at its end, nothing HTML would decode", async () => {
  const url = await urlOf(await finished(), 0);
  assert.equal(new URL(url).href, url);
  assert.ok(!new URL(url).pathname.includes("//"));
  assert.ok(!url.endsWith("/"));
  assert.equal(url.replaceAll("&amp;", "&"), url);
  assert.match(url, /^[\w:/.?&=%~-]+$/);
});

test("the link alone grants access: with no Authorization, with one, with any content type, again and again", async () => {
  const url = await urlOf(await finished(), 0);
  for (const headers of [
    {},
    {},
    { authorization: `Bearer ${here().api.token}` },
    { authorization: "Bearer garbage" },
    { "content-type": "application/json" },
    { "content-type": "text/plain", accept: "application/json" },
  ]) {
    const answer = await fetchLink(url, headers);
    assert.equal(answer.status, 200, JSON.stringify(headers));
    assert.equal(Number(answer.headers.get("content-length")), answer.bytes.length);
  }
});

test("links may be asked for again and again, and the older ones stay good", async () => {
  const id = await finished();
  const urls = [await urlOf(id, 0), await urlOf(id, 0), await urlOf(id, 0)];
  for (const url of urls) assert.equal((await fetchLink(url)).status, 200);
});

test("a transcript has exactly its four keys", async () => {
  const transcript = await here().api.transcript(await finished("printf out; printf err >&2"));
  assert.deepEqual(keysOf(transcript), ["script_name", "exit_code", "script_output", "script_errors"]);
  assertGolden(transcript, { script_name: "<text>", exit_code: 0, script_output: "out", script_errors: "err" });
});

test("a silent script has empty texts, not null", async () => {
  const transcript = await here().api.transcript(await finished(":"));
  assert.equal(at(transcript, "script_output"), "");
  assert.equal(at(transcript, "script_errors"), "");
});

test("a transcript is plain JSON in UTF-8 without a byte order mark, uncompressed though the client would take gzip", async () => {
  const url = await urlOf(await finished('printf "gr\\303\\274n \\000 \\377"'), 0);
  const answer = await fetchLink(url, { "accept-encoding": "gzip, deflate, br" });
  assert.equal(answer.headers.get("content-encoding"), null);
  assert.equal(answer.bytes[0], "{".charCodeAt(0));
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json\b/);
  assert.equal(textAt(answer.body, "script_output"), "grün \0 \uFFFD");
});

test("a transcript is called output_<action id>_<index>.json", async () => {
  const id = await finished();
  const answer = await fetchLink(await urlOf(id, 0));
  assert.match(answer.headers.get("content-disposition") ?? "", new RegExp(`filename="?output_${id}_0\\.json"?$`));
});

test("a transcript's script_name is the library name", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("named", ":");
  const action = await api.runToEnd(machineId, [runScript(name)]);
  assert.equal(textAt(await api.transcript(textAt(action, "id")), "script_name"), name);
});

test("a collected file is one gzip member, sent without Content-Encoding", async () => {
  const id = await finished("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done > lines.txt", "lines.txt");
  const answer = await fetchLink(await urlOf(id, 1), { "accept-encoding": "gzip" });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-encoding"), null);
  assert.equal(Number(answer.headers.get("content-length")), answer.bytes.length);
  assert.deepEqual([...answer.bytes.subarray(0, 3)], [0x1f, 0x8b, 8]);
  const text = gunzipSync(answer.bytes).toString("utf8");
  assert.equal(text, Array.from({ length: 2_000 }, (_, i) => `line ${i}\n`).join(""));
  // One member: its size field at the very end is that of the whole file.
  assert.equal(answer.bytes.readUInt32LE(answer.bytes.length - 4), Buffer.byteLength(text));
});

for (const name of [
  "plain-name_1.txt",
  "two words.txt",
  "ümläut €.log",
  'quo"te;semi=x.txt',
  "already.gz",
  "100%.txt",
]) {
  test(`the name of a collected file is read from the END of Content-Disposition: ${name}`, async () => {
    const id = await finished(`printf x > '${name}'`, name);
    const answer = await fetchLink(await urlOf(id, 1));
    const disposition = answer.headers.get("content-disposition") ?? "";
    assert.match(disposition, /^attachment; filename="[A-Za-z0-9._%-]+\.gz"$/);
    assert.equal(nameToTheEnd(disposition), name);
    assert.equal(gunzipSync(answer.bytes).toString(), "x");
  });
}

test("a collected file is named by its base name, of a full path too", async () => {
  const id = await finished(":", "/etc/hostname");
  const answer = await fetchLink(await urlOf(id, 1));
  assert.equal(answer.headers.get("content-disposition"), 'attachment; filename="hostname.gz"');
});

test("while a command runs its link is 400 with a message", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("slow-result", "sleep 60");
  const id = await api.start(machineId, [putFile(name), runScript(name)]);
  await api.waitFor(id, (action) => at(action, "commands", 0, "commandStatus") === "Completed");
  assertError(await api.downloadUrl(id, 1), 400, "BadRequest");
  assert.equal((await api.cancel(id)).status, 200);
});

test("a client that polls on the link for as long as it is 400 gets the result", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("polled-link", "sleep 0.6; echo polled");
  const id = await api.start(machineId, [runScript(name)]);
  const refusals: string[] = [];
  const answer = await until(async () => {
    const found = await api.downloadUrl(id, 0);
    if (found.status !== 400) return found;
    refusals.push(textAt(found.body, "error", "message"));
    return null;
  }, "the link of the result");
  assert.ok(refusals.length > 0);
  assert.equal(answer.status, 200, answer.text);
  const result = await fetchLink(textAt(answer.body, "value"));
  assert.equal(textAt(result.body, "script_output"), "polled\n");
});

test("every index may be asked for: PutFile and one out of range are 404, the others have their result", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("every", "echo every > every.txt");
  const action = await api.runToEnd(machineId, [putFile(name), runScript(name), getFile("every.txt")]);
  const id = textAt(action, "id");
  assertError(await api.downloadUrl(id, 0), 404, "ResourceNotFound");
  assert.equal((await api.downloadUrl(id, 1)).status, 200);
  assert.equal((await api.downloadUrl(id, 2)).status, 200);
  assertError(await api.downloadUrl(id, 3), 404, "ResourceNotFound");
  assertError(await api.downloadUrl(id, 999_999), 404, "ResourceNotFound");
});

test("the link of an unknown action is 404 ResourceNotFound", async () => {
  assertError(await here().api.downloadUrl(UNKNOWN_ACTION, 0), 404, "ResourceNotFound");
});

test("a command that was not run has no result, and one that Completed in a Failed action has", async () => {
  const { api, library, machineId } = here();
  const name = await library.script("kept", "echo kept");
  const action = await api.runToEnd(machineId, [runScript(name), getFile("/no/such/file"), getFile("/etc/hostname")]);
  const id = textAt(action, "id");
  assert.equal(textAt(await api.transcript(id, 0), "script_output"), "kept\n");
  assertError(await api.downloadUrl(id, 1), 404, "ResourceNotFound");
  assertError(await api.downloadUrl(id, 2), 404, "ResourceNotFound");
});

test("an index that is no number is refused with the contract's error", async () => {
  const { api } = here();
  const id = await finished();
  for (const index of ["", "x", "-1", "1.5", "0x0", "00000000000000000000", "0,1", "index", "'0'"]) {
    const answer = await api.get(`/api/machineactions/${id}/GetLiveResponseResultDownloadLink(index=${index})`);
    assert.ok(answer.status === 400 || answer.status === 404, `${index}: ${answer.text}`);
    assertError(answer, answer.status, textAt(answer.body, "error", "code"));
  }
});

test("an altered link is refused: signature, time, index and action are all of it", {
  skip: onlyHalligan("the form of its links"),
}, async () => {
  const id = await finished(":", "/etc/hostname");
  const url = new URL(await urlOf(id, 0));
  const altered = (change: (copy: URL) => void) => {
    const copy = new URL(url);
    change(copy);
    return copy.href;
  };
  const sig = url.searchParams.get("sig") ?? "";
  const lastOther = sig.endsWith("A") ? "E" : "A";
  for (const href of [
    altered((copy) => copy.searchParams.set("sig", `${sig.slice(0, -1)}${lastOther}`)),
    altered((copy) => copy.searchParams.delete("sig")),
    altered((copy) => copy.searchParams.set("se", String(Number(copy.searchParams.get("se")) + 60))),
    altered((copy) => {
      copy.pathname = copy.pathname.replace(/\/0$/, "/1");
    }),
    altered((copy) => {
      copy.pathname = copy.pathname.replace(id, UNKNOWN_ACTION);
    }),
  ]) {
    assertError(await fetchLink(href), 403, "Forbidden");
  }
});

test("a link is good for about 30 minutes", { skip: onlyHalligan("the form of its links") }, async () => {
  const id = await finished();
  const before = Date.now() / 1_000;
  const expires = Number(new URL(await urlOf(id, 0)).searchParams.get("se"));
  const lifetime = expires - before;
  assert.ok(lifetime > 29 * 60 && lifetime < 31 * 60, String(lifetime));
});

test("a download may be resumed by Range", { skip: onlyHalligan("more than the contract says") }, async () => {
  const url = await urlOf(await finished(), 0);
  const whole = await fetchLink(url);
  const part = await fetchLink(url, { range: "bytes=5-" });
  assert.equal(part.status, 206);
  assert.deepEqual(part.bytes, whole.bytes.subarray(5));
});
