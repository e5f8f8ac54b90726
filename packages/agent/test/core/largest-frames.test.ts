import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import {
  AGENT_FRAME_BOUNDS,
  type AgentFrame,
  type FileChangeKind,
  type FrameBounds,
  HELLO_BOUNDS,
  MAX_AGENT_FRAME_BYTES,
  MAX_HELD_ORDERS,
  MAX_INLINE_TRANSCRIPT_BYTES,
  parseAgentFrame,
  REPORT_BOUNDS,
} from "@halligan/protocol/link";
import { jsonBoundsFault } from "@halligan/protocol/text";
import { systemClock } from "@halligan/protocol/time";
import type { OrderState } from "../../src/core/journal/journal.ts";
import { EndTimes } from "../../src/core/orders/end-times.ts";
import { Reports } from "../../src/core/orders/reports.ts";
import { LIMITS } from "../../src/limits.ts";

/** What a seal puts in front. */
const SEAL_CHARACTERS = 22;
/** As many as an action has at the most. */
const MAX_COMMANDS = 100;
const ACTION_ID = "ffffffff-ffff-4fff-8fff-ffffffffffff";
const ORDER_SEQ = Number.MAX_SAFE_INTEGER;

/** The journal's state after a script whose errors are as long as they can be. */
function endedOrder(error: string, result: NonNullable<OrderState["commands"][number]["end"]>["result"]): OrderState {
  const errors = Array.from({ length: LIMITS.maxErrorTexts + 1 }, () => error.repeat(LIMITS.maxErrorCharacters));
  const end = {
    type: "ended" as const,
    orderSeq: ORDER_SEQ,
    index: 0,
    outcome: "failed" as const,
    errors,
    result,
    exitCode: -1,
  };
  const startId = "f".repeat(32);
  const command = { state: "ended", startId, process: null, scriptEnd: null, end, isAcknowledged: false } as const;
  const limits = { scriptTimeoutMs: 1, transferTimeoutMs: 1, stallTimeoutMs: 1, outputLimitBytes: 1 };
  const order = {
    v: 1,
    machineId: "f".repeat(40),
    actionId: ACTION_ID,
    orderSeq: ORDER_SEQ,
    journalId: "f".repeat(32),
    acceptByMs: 1,
    limits,
    commands: [{ index: 0, type: "GetFile", path: "/a" }],
  } satisfies OrderState["order"];
  return { order, commands: [command], isEndRequested: false, closed: { type: "closed", orderSeq: ORDER_SEQ, errors } };
}

function reports(held: OrderState): AgentFrame[] {
  const endTimes = new EndTimes(systemClock);
  endTimes.record(ORDER_SEQ, 0);
  const { privateKey } = generateKeyPairSync("ed25519");
  return new Reports(endTimes, { machineId: "f".repeat(40), privateKey }).unacknowledgedFrames(held);
}

function assertFits(frame: AgentFrame, bounds: FrameBounds): number {
  const text = JSON.stringify(frame);
  assert.equal(jsonBoundsFault(text, bounds), null, frame.type);
  const sizeBytes = Buffer.byteLength(text) + SEAL_CHARACTERS;
  assert.ok(sizeBytes <= bounds.maxBytes, `${frame.type} has ${sizeBytes} bytes`);
  assert.deepEqual(parseAgentFrame(text, bounds), frame);
  return sizeBytes;
}

test("the largest report of an honest agent fits in the server's limit, which is hardly larger", (t) => {
  const transcript = JSON.stringify({ script_output: "" }).replace(/""/, `"${'\\"'.repeat(32_000)}"`);
  assert.ok(Buffer.byteLength(transcript) <= MAX_INLINE_TRANSCRIPT_BYTES);
  const stamp = { sizeBytes: Number.MAX_SAFE_INTEGER, modifiedAt: "9999-12-31T23:59:59.999999999Z" };
  const kinds: FileChangeKind[] = ["grew", "shrank", "rewritten", "attributesChanged", "replaced", "removed", "cutOff"];
  const uploaded = {
    kind: "uploaded" as const,
    uploadId: "f".repeat(32),
    sizeBytes: Number.MAX_SAFE_INTEGER,
    sha256: "f".repeat(64),
    fileChange: { kinds, collectedBytes: Number.MAX_SAFE_INTEGER, before: stamp, after: stamp },
  };
  let largest = 0;
  for (const error of ["\u0001", '"', "\\", "\u{1f600}", "\uffff", "e"]) {
    for (const result of [{ kind: "inline", transcript } as const, uploaded, null]) {
      for (const frame of reports(endedOrder(error, result))) {
        largest = Math.max(largest, assertFits(frame, REPORT_BOUNDS));
      }
    }
  }
  t.diagnostic(`the largest report has ${largest} bytes, the limit is ${MAX_AGENT_FRAME_BYTES}`);
  assert.ok(MAX_AGENT_FRAME_BYTES <= largest * 1.05);
});

test("the hello of an agent that holds as much as it can fits in the server's limit", (t) => {
  const text = (length: number) => "\u0001".repeat(length);
  const address = {
    ipAddress: text(64),
    macAddress: text(32),
    type: "SoftwareLoopback",
    operationalStatus: "Unknown",
  } as const;
  const sizeBytes = assertFits(
    {
      type: "hello",
      journalId: "f".repeat(32),
      highestOrderSeq: 2 ** 48,
      orders: Array.from({ length: MAX_HELD_ORDERS }, () => ({
        actionId: ACTION_ID,
        orderSeq: ORDER_SEQ,
        commands: Array.from({ length: MAX_COMMANDS }, (_, index) => ({ index, state: "acknowledged" as const })),
      })),
      orderKeyIds: Array.from({ length: 16 }, () => "f".repeat(64)),
      orderKeySet: Number.MAX_SAFE_INTEGER,
      continuity: {
        processId: "f".repeat(32),
        rollingValue: `999999999999999.${"f".repeat(32)}.${"A".repeat(43)}`,
      },
      facts: {
        computerDnsName: text(255),
        osPlatform: text(64),
        version: text(64),
        osVersion: text(128),
        osBuild: Number.MIN_SAFE_INTEGER,
        osArchitecture: "64-bit",
        osProcessor: text(64),
        agentVersion: text(32),
        ipAddresses: Array.from({ length: 64 }, () => address),
      },
    },
    HELLO_BOUNDS,
  );
  t.diagnostic(`the largest hello has ${sizeBytes} bytes, the limit is ${HELLO_BOUNDS.maxBytes}`);
  assert.ok(HELLO_BOUNDS.maxBytes <= AGENT_FRAME_BOUNDS.maxBytes);
});
