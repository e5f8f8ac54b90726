import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAgentFrame } from "@halligan/protocol/link";

const ended = (error: string, osBuild = "1") => [
  `{"type":"ended","actionId":"00000000-0000-4000-8000-000000000000","orderSeq":1,"index":0,"outcome":"failed","errors":["${error}"],"result":null}`,
  `{"type":"hello","journalId":"${"0".repeat(32)}","highestOrderSeq":0,"orders":[],"facts":{"computerDnsName":"${error}","osPlatform":"Linux","version":null,"osVersion":null,"osBuild":${osBuild},"osArchitecture":"64-bit","osProcessor":null,"agentVersion":"1","ipAddresses":[]}}`,
];

test("text of a device that is not well-formed, or holds a NUL, is repaired: a refused report would be repeated", () => {
  for (const [written, read] of [
    ["a\\ud83d", "a\ufffd"],
    ["\\udfffb", "\ufffdb"],
    ["x\\u0000y", "x\ufffdy"],
    ["\\ud83d\\ude00", "\u{1f600}"],
    ["\\\\ud83d\\\\u0000", "\\ud83d\\u0000"],
  ] as const) {
    const [report = "", hello = ""] = ended(written);
    const frame = parseAgentFrame(report);
    assert.deepEqual(frame?.type === "ended" && frame.errors, [read]);
    const facts = parseAgentFrame(hello);
    assert.equal(facts?.type === "hello" && facts.facts.computerDnsName, read);
  }
});

test("a number that no column holds is no frame", () => {
  for (const number of ["1e999", "1e300", "9007199254740993", "-1e30"]) {
    assert.equal(parseAgentFrame(ended("x", number)[1] ?? ""), null, number);
  }
  assert.ok(parseAgentFrame(ended("x", "-0")[1] ?? ""));
});
