import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { OutputSpool } from "../../src/commands/output/output-spool.ts";
import { inlineTranscript, jsonCharacters, transcriptJson } from "../../src/commands/output/transcript.ts";
import { temporaryFolder } from "../support/agent-process.ts";

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** The streamed transcript with its counts. */
async function streamed(...args: Parameters<typeof transcriptJson>) {
  const chunks = transcriptJson(...args);
  const list: Uint8Array[] = [];
  for (;;) {
    const { done, value } = await chunks.next();
    if (done) return { transcript: Buffer.concat(list).toString(), output: value };
    list.push(value.slice());
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
    halligan: {
      stdout: {
        sizeBytes: 8,
        keptBytes: 8,
        textBytes: 8,
        base64: Buffer.from("ok\r\n\0 \xff\xc3", "latin1").toString("base64"),
      },
    },
  });
  const output = { stdout: { bytes: 8, isBinary: true }, stderr: { bytes: 0 } };
  assert.deepEqual(inlineTranscript('a "b".sh', -1, spools), { transcript: expected, output });
  assert.deepEqual(await streamed('a "b".sh', -1, spools), { transcript: expected, output });
});

test("output that was cut has its sizes outside of the text, and its bytes when the cut made them invalid UTF-8", async () => {
  await using folder = await temporaryFolder();
  const spools = { stdout: path.join(folder.path, "1-0.out"), stderr: path.join(folder.path, "1-0.err") };
  const stdout = new OutputSpool(spools.stdout, 10);
  stdout.write(Buffer.from("123456"));
  stdout.write(Buffer.from("7890abc"));
  assert.equal(stdout.finish(), null);
  assert.equal(stdout.cutText("stdout"), "stdout was cut: 10 of 13 bytes kept.");
  const stderr = new OutputSpool(spools.stderr, 3);
  stderr.write(Buffer.from("a\u{1f600}"));
  stderr.note("a process was left");
  stderr.finish();
  const inline = inlineTranscript("a.sh", 0, spools);
  assert.deepEqual(await streamed("a.sh", 0, spools), inline);
  assert.deepEqual(inline?.output, {
    stdout: { bytes: 10, writtenBytes: 13 },
    stderr: { bytes: 3, writtenBytes: 5, isBinary: true },
  });
  const { script_output, halligan } = JSON.parse(inline?.transcript ?? "");
  assert.equal(script_output, "1234567890\n[halligan: output cut off after 10 bytes]\n");
  assert.deepEqual(halligan, {
    stdout: { sizeBytes: 13, keptBytes: 10, textBytes: 10 },
    stderr: { sizeBytes: 5, keptBytes: 3, textBytes: 3, base64: Buffer.from([0x61, 0xf0, 0x9f]).toString("base64") },
  });
});

test("large output that is not UTF-8 has exactly its bytes in the streamed transcript", async () => {
  await using folder = await temporaryFolder();
  const spools = { stdout: path.join(folder.path, "1-0.out"), stderr: path.join(folder.path, "1-0.err") };
  const bytes = randomBytes(300_001);
  await writeFile(spools.stdout, bytes);
  const { halligan } = JSON.parse((await collect(transcriptJson("a.sh", 0, spools))).toString());
  assert.ok(Buffer.from(halligan.stdout.base64, "base64").equals(bytes));
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
