import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Redactor, redactText } from "../../src/commands/secrets/redactor.ts";

const secret = (name: string, value: string) => ({ name, value: Buffer.from(value, "latin1") });
type Secrets = ReturnType<typeof secret>[];

/** What is written for the output, which comes in these chunks. */
function redacted(secrets: Secrets, chunks: readonly string[]): string {
  const written: Buffer[] = [];
  const redactor = new Redactor(secrets, (bytes) => void written.push(Buffer.from(bytes)));
  // One block that is used again, as by a source of output.
  const block = Buffer.alloc(4_096);
  for (const chunk of chunks) redactor.write(block.subarray(0, block.write(chunk, "latin1")));
  redactor.end();
  return Buffer.concat(written).toString("latin1");
}

test("each occurrence of a value is replaced by its name", () => {
  const secrets = [secret("TOKEN", "hunter2!"), secret("KEY", "abcdef")];
  assert.equal(
    redacted(secrets, ["hunter2! and abcdef\nhunter2!hunter2!.\n"]),
    "[secret TOKEN] and [secret KEY]\n[secret TOKEN][secret TOKEN].\n",
  );
  assert.equal(redacted(secrets, ["hunter2 abcde HUNTER2!"]), "hunter2 abcde HUNTER2!");
  assert.equal(redactText(secrets, "left: 1 (abcdef)"), "left: 1 ([secret KEY])");
});

test("a value is found wherever chunks are cut, byte for byte too", () => {
  const secrets = [secret("TOKEN", "abcabcabd")];
  const output = "xabcabcabcabdyabcabd";
  for (let first = 0; first <= output.length; first++) {
    for (let second = first; second <= output.length; second++) {
      const chunks = [output.slice(0, first), output.slice(first, second), output.slice(second)];
      assert.equal(redacted(secrets, chunks), "xabc[secret TOKEN]yabcabd", chunks.join("|"));
    }
  }
  assert.equal(redacted(secrets, [...output]), "xabc[secret TOKEN]yabcabd");
});

test("values that overlap, or are a part of another one, leave no byte of either", () => {
  const secrets = [secret("LONG", "abcdefghij"), secret("PART", "cdefgh"), secret("NEXT", "ghijkl")];
  assert.equal(redacted(secrets, ["-abcdefghij-"]), "-[secret LONG]-");
  assert.equal(redacted(secrets, ["-abcdefghijkl-"]), "-[secret LONG]-");
  assert.equal(redacted(secrets, ["-cdefghijkl-"]), "-[secret PART]-");
  assert.equal(redacted(secrets, [..."-abcdefghijkl-cdefgh"]), "-[secret LONG]-[secret PART]");
  assert.equal(redacted([secret("A", "aaaaaa")], [..."aaaaaaaaaaaaaab"]), "[secret A]b");
});

test("values below 6 bytes stay, because they would occur by chance", () => {
  assert.equal(redacted([secret("SHORT", "12345"), secret("SIX", "abcdef")], ["12345 abcdef"]), "12345 [secret SIX]");
});

test("only what may be the beginning of a value is held back", () => {
  const written: string[] = [];
  const redactor = new Redactor([secret("TOKEN", "secret-value")], (bytes) => {
    written.push(Buffer.from(bytes).toString());
  });
  redactor.write(Buffer.from("line one\n"));
  assert.deepEqual(written.splice(0), ["line one\n"]);
  redactor.write(Buffer.from("a sec"));
  assert.deepEqual(written.splice(0), ["a "]);
  redactor.write(Buffer.from("tion\n"));
  assert.equal(written.splice(0).join(""), "section\n");
  redactor.write(Buffer.from("secret-val"));
  redactor.end();
  assert.equal(written.join(""), "secret-val");
});

test("for any values, output and cuts, the bytes outside of all occurrences stay, and no others", () => {
  const text = (maxLength: number, minLength = 0) =>
    fc.array(fc.constantFrom("a", "b", "c"), { minLength, maxLength }).map((letters) => letters.join(""));
  fc.assert(
    fc.property(
      fc.array(text(9, 6), { minLength: 1, maxLength: 3 }),
      fc.array(text(12), { maxLength: 8 }),
      (values, chunks) => {
        const secrets = values.map((value) => secret("X", value));
        const output = chunks.join("");
        const isSecret = new Uint8Array(output.length);
        for (const value of values) {
          for (let at = output.indexOf(value); at >= 0; at = output.indexOf(value, at + 1)) {
            isSecret.fill(1, at, at + value.length);
          }
        }
        const kept = [...output].filter((_, at) => isSecret[at] === 0).join("");
        assert.equal(redacted(secrets, chunks).replaceAll("[secret X]", ""), kept);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("the work for each byte does not grow with the value, however much of the output looks like it", () => {
  const chunk = Buffer.alloc(64 * 1024, "a");
  const leastMs = (sizeBytes: number) => {
    const redactor = new Redactor([secret("A", `${"a".repeat(sizeBytes)}b`)], () => undefined);
    const runs = Array.from({ length: 8 }, () => {
      const startMs = performance.now();
      for (let at = 0; at < 8; at++) redactor.write(chunk);
      return performance.now() - startMs;
    });
    return Math.min(...runs);
  };
  leastMs(64);
  const [short, long] = [leastMs(64), leastMs(64 * 250)];
  assert.ok(long < short * 50, `${long} ms for a value of 16,000 bytes, ${short} ms for one of 64`);
});
