import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { inlineTranscript, jsonCharacters, transcriptJson } from "../../src/commands/transcript.ts";
import { temporaryFolder } from "../support/agent-process.ts";

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const list: Uint8Array[] = [];
  for await (const chunk of chunks) list.push(chunk);
  return Buffer.concat(list);
}

test("the inside of a JSON string is that of JSON.stringify, wherever the bytes are cut, valid UTF-8 or not", async () => {
  const text = fc.string({ unit: "binary" }).map((value) => Buffer.from(value));
  const tricky = fc
    .constantFrom("\0", "\u{1f600}", '"\\', "\u2028", "\ufeff", "é", "\x1b[31m")
    .map((value) => Buffer.from(value));
  const broken = fc.uint8Array({ maxLength: 6 }).map((value) => Buffer.from(value));
  const bytes = fc.array(fc.oneof(text, tricky, broken)).map((parts) => Buffer.concat(parts));
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(bytes, sizes, async (value, cuts) => {
      const expected = JSON.stringify(new TextDecoder("utf-8", { ignoreBOM: true }).decode(value)).slice(1, -1);
      assert.equal((await collect(jsonCharacters(cut(value, cuts)))).toString(), expected);
    }),
  );
});

test("a transcript has the contract's four keys, and a script that wrote nothing has empty texts", async () => {
  await using folder = await temporaryFolder();
  const spools = { stdout: path.join(folder.path, "1-0.out"), stderr: path.join(folder.path, "1-0.err") };
  await writeFile(spools.stdout, Buffer.concat([Buffer.from("ok\r\n\0 "), Buffer.from([0xff, 0xc3])]));
  const expected = JSON.stringify({
    script_name: 'a "b".sh',
    exit_code: -1,
    script_output: "ok\r\n\0 \ufffd\ufffd",
    script_errors: "",
  });
  assert.equal(await inlineTranscript('a "b".sh', -1, spools), expected);
});

test("a pipe that a script put in place of its output file stops nothing, and the transcript says so", {
  skip: process.platform === "win32" ? "needs POSIX files" : false,
  timeout: 30_000,
}, async () => {
  await using folder = await temporaryFolder();
  const spools = { stdout: path.join(folder.path, "1-0.out"), stderr: path.join(folder.path, "1-0.err") };
  execFileSync("mkfifo", [spools.stdout]);
  await writeFile(spools.stderr, "kept");
  assert.equal(inlineTranscript("a.sh", 0, spools), null);
  const { script_output, script_errors } = JSON.parse((await collect(transcriptJson("a.sh", 0, spools))).toString());
  assert.match(script_output, /the script replaced its output file/);
  assert.equal(script_errors, "kept");
});

test("a transcript that is too large to travel inline is not, and its stream is the same JSON", async () => {
  await using folder = await temporaryFolder();
  const spools = { stdout: path.join(folder.path, "1-0.out"), stderr: path.join(folder.path, "1-0.err") };
  const output = "line \u{1f600}\n".repeat(30_000);
  await writeFile(spools.stdout, output);
  assert.equal(await inlineTranscript("a.sh", 0, spools), null);
  const streamed = (await collect(transcriptJson("a.sh", 0, spools))).toString();
  assert.equal(
    streamed,
    JSON.stringify({ script_name: "a.sh", exit_code: 0, script_output: output, script_errors: "" }),
  );
});
