import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { TranscriptScanner } from "../../../../src/domain/results/transcript-scanner.ts";

/** Every value by its path, from the JSON text in pieces of a size. */
function scanned(json: string, pieceBytes: number): Record<string, string | number> {
  const values: Record<string, string | number> = {};
  const texts = new Map<string, Buffer[]>();
  const scanner = new TranscriptScanner({
    text: (member, bytes) => texts.set(member, [...(texts.get(member) ?? []), bytes]),
    textEnded: (member) => {
      values[member] = Buffer.concat(texts.get(member) ?? []).toString("utf8");
    },
    number: (member, value) => {
      values[member] = value;
    },
  });
  const bytes = Buffer.from(json);
  for (let at = 0; at < bytes.length; at += pieceBytes) scanner.push(bytes.subarray(at, at + pieceBytes));
  return values;
}

test("a transcript is read to the same values as by JSON.parse, wherever its bytes are cut", () => {
  const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));
  const count = fc.integer({ min: -1_000, max: 1_000_000 });
  fc.assert(
    fc.property(text, text, text, count, fc.integer({ min: 1, max: 20 }), (name, output, errors, exit, piece) => {
      const stdout = { sizeBytes: 7, keptBytes: 3, textBytes: 0, base64: "AAAA" };
      const json = JSON.stringify({
        script_name: name,
        exit_code: exit,
        script_output: output,
        script_errors: errors,
        halligan: { stdout },
      });
      assert.deepEqual(scanned(json, piece), {
        script_name: name.toWellFormed(),
        exit_code: exit,
        script_output: output.toWellFormed(),
        script_errors: errors.toWellFormed(),
        "halligan.stdout.sizeBytes": 7,
        "halligan.stdout.keptBytes": 3,
        "halligan.stdout.textBytes": 0,
        "halligan.stdout.base64": "AAAA",
      });
    }),
  );
});

test("anything else is read to the end and never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.json(), (text, json) => {
      scanned(text, 3);
      scanned(json, 3);
    }),
  );
});
