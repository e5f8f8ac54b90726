import assert from "node:assert/strict";
import { test } from "node:test";
import { HELLO_BOUNDS, MAX_AGENT_FRAME_BYTES, parseAgentFrame, REPORT_BOUNDS } from "@halligan/protocol/link";

const ACTION_ID = "00000000-0000-4000-8000-000000000000";
/**
 * An honest report costs least where its text has no escapes. Garbage collection and caches take
 * part in the rest. The costliest shape, 55,000 texts of one escape each, takes 4.4 to 7.2 times
 * as much on one machine, half of it in JSON.parse alone. A cost that is not linear is far above.
 */
const MAX_RATIO = 10;
const RUNS = 12;

/** As many of `unit` as fill a frame. */
const fill = (unit: string, sizeBytes = 500 * 1024): string => unit.repeat(Math.floor(sizeBytes / unit.length));
const numbered = (make: (n: number) => string, sizeBytes = 500 * 1024): string =>
  Array.from({ length: Math.floor(sizeBytes / make(10_000).length) }, (_, n) => make(n)).join("");

const honest = JSON.stringify({
  type: "ended",
  actionId: ACTION_ID,
  orderSeq: 1,
  index: 0,
  outcome: "failed",
  errors: Array.from({ length: 16 }, () => "\u0001".repeat(2_000)),
  result: { kind: "inline", transcript: "x".repeat(64 * 1024) },
  evidence: { payload: '"'.repeat(90 * 1024), signature: "A".repeat(86) },
});

/**
 * The last name counts for JSON.parse, so that each of them but the last two was a ping to the
 * server.
 */
const HOSTILE: Readonly<Record<string, string>> = {
  "empty arrays": `{"type":[${fill("[],")}[]],"type":"ping"}`,
  "empty objects": `{"type":[${fill("{},")}{}],"type":"ping"}`,
  numbers: `{"type":[${fill("1,")}1],"type":"ping"}`,
  "empty strings": `{"type":[${fill('"",')}""],"type":"ping"}`,
  "text to be repaired": `{"type":[${fill('"\\u0000",')}""],"type":"ping"}`,
  "a name given many times": `{${fill('"type":1,')}"type":"ping"}`,
  "many names": `{"type":{${numbered((n) => `"k${n}":0,`)}"k":0},"type":"ping"}`,
  "names that are numbers": `{"type":{${numbered((n) => `"${n * 65_536}":0,`)}"k":0},"type":"ping"}`,
  "nested arrays": `{"type":${fill("[", 250 * 1024)}${fill("]", 250 * 1024)},"type":"ping"}`,
  "nested objects": `{"type":${fill('{"a":', 400 * 1024)}1${fill("}", 80 * 1024)},"type":"ping"}`,
  "an unfinished string": `{"${fill("\\\\")}`,
  "escaped quotes": `{"type":"ping","${fill('\\"')}":1}`,
  escapes: `{"type":"ping","a":"${fill("\\u0301")}"}`,
  "white space": `{"type":"ping"${fill(" ")}}`,
  "digits of a number": `{"type":"ping","a":1${fill("0")}}`,
  "many orders": `{"type":"hello","orders":[${fill('{"commands":[]},')}{}]}`,
};

function microsecondsPerKib(text: string, bounds: typeof REPORT_BOUNDS): number {
  const before = process.cpuUsage();
  parseAgentFrame(text, bounds);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (text.length / 1024);
}

test("no frame of a device costs much more for each KiB than an honest report of its size", (t) => {
  assert.ok(parseAgentFrame(honest, REPORT_BOUNDS));
  assert.ok(honest.length < MAX_AGENT_FRAME_BYTES);
  for (const [bounds, phase] of [
    [REPORT_BOUNDS, "after the hello"],
    [HELLO_BOUNDS, "as a hello"],
  ] as const) {
    for (const [shape, text] of Object.entries(HOSTILE)) {
      let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
      // Other programs of the machine only ever add: the least of some runs counts.
      for (let run = 0; run < RUNS && (run < 2 || most > MAX_RATIO * least); run += 1) {
        least = Math.min(least, microsecondsPerKib(honest, REPORT_BOUNDS));
        most = Math.min(most, microsecondsPerKib(text, bounds));
      }
      const figures = `${shape} ${phase}: ${most.toFixed(2)} us/KiB, an honest report ${least.toFixed(2)} us/KiB`;
      t.diagnostic(figures);
      assert.ok(most <= MAX_RATIO * least, figures);
    }
  }
});

test("a frame with a name given twice, or with more characters outside of texts or more levels than a report has, is no frame", () => {
  const started = `"actionId":"${ACTION_ID}","orderSeq":1,"index":0,"startId":"${"0".repeat(32)}"`;
  assert.ok(parseAgentFrame(`{"type":"started",${started}}`, REPORT_BOUNDS));
  for (const text of [
    `{"type":"started",${started},"index":0}`,
    `{"type":"started",${started},"\\u0069ndex":0}`,
    '{"type":"ping","type":"ping"}',
    `{"type":"started",${started}${" ".repeat(1024)}}`,
    '{"type":[[[[[[[[[]]]]]]]]],"type":"ping"}',
  ]) {
    assert.equal(parseAgentFrame(text, REPORT_BOUNDS), null, text);
  }
});
