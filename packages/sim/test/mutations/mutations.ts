import type { Invariant } from "../../src/world/violation.ts";
import { DEADLINES } from "./deadlines.ts";
import { REPEATED_STARTS } from "./repeated-starts.ts";
import { ROLLING_VALUES } from "./rolling-values.ts";
import { RUN_AS_MUTATIONS } from "./run-as.ts";
import { UNRECORDED_STARTS } from "./unrecorded-starts.ts";
import { WAITING_REASONS } from "./waiting-reasons.ts";

export interface Edit {
  /** Relative to `packages/`. */
  file: string;
  /**
   * The text must occur exactly once in the file. A change of the line changes the mutation too.
   */
  find: string;
  replace: string;
}

export interface Mutation {
  /** What is wrong, worded like a bug report. */
  name: string;
  /** The invariants that can detect it. The first one is its main target. */
  breaks: readonly [Invariant, ...Invariant[]];
  edits: readonly Edit[];
}

/**
 * Bugs that were never committed, and some that were. The schedules that `npm test` runs must
 * detect each of them.
 */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: "the schema and the use case forget that a machine takes one action at a time",
    breaks: ["oneUnfinishedAction"],
    edits: [
      {
        file: "server/src/store/migrations/0024-scheduled-actions.ts",
        find: "create unique index machine_action_open",
        replace: "create index machine_action_open",
      },
      {
        file: "server/src/service/actions/start/run-live-response.ts",
        find: "if (blocking)",
        replace: "if (blocking === null)",
      },
    ],
  },
  {
    name: "the agent goes on after a command failed",
    breaks: ["commandsInOrder"],
    edits: [
      {
        file: "agent/src/core/journal/journal.ts",
        find: 'if (of.end?.outcome === "failed") return null;',
        replace: "",
      },
    ],
  },
  {
    name: "the agent starts a script again that ran when it died",
    breaks: ["neverTwice"],
    edits: [
      { file: "agent/src/core/orders/recovery.ts", find: "|| of.scriptEnd) continue;", replace: "|| true) continue;" },
      {
        file: "agent/src/core/orders/order-worker.ts",
        find: "this.#startsOfThisProcess.delete(index)\n",
        replace: "true\n",
      },
    ],
  },
  {
    name: "the device's disk does not keep what it said was synced",
    // Mostly it shows an old rolling value, and is taken for a copy before anything else can
    // happen.
    breaks: ["neverTwice", "oneOrderAtATime", "commandsInOrder", "quarantineHolds"],
    edits: [
      {
        file: "sim/src/device/journal-file.ts",
        find: "if (!underWay) return;",
        replace: `const bytes = this.#bytes;
          if (bytes) this.#bytes = bytes.subarray(0, bytes.lastIndexOf(10, bytes.length - 2) + 1);
          return;`,
      },
    ],
  },
  {
    name: "a journal that was set back is believed",
    breaks: ["neverTwice", "boundsSpareTheHonest", "quarantineHolds", "everyActionEnds", "resultsStay"],
    edits: [
      {
        file: "server/src/domain/agents/connection-work.ts",
        find: "REPORTED[status] > JOURNALED",
        replace: "9 < JOURNALED",
      },
      // Otherwise the second start has another id, and puts the machine in quarantine.
      {
        file: "server/src/domain/actions/apply-event.ts",
        find: "command.startId !== null && command.startId !== startId",
        replace: "startId === null",
      },
      {
        file: "server/src/domain/agents/connection-work.ts",
        find: "    command.startId === startId &&\n",
        replace: "",
      },
    ],
  },
  {
    name: "an order is sent again under a new number",
    breaks: ["neverTwice", "nothingBreaks"],
    edits: [{ file: "server/src/service/agents/next-order.ts", find: 'step.type === "claim"\n', replace: "true\n" }],
  },
  {
    name: "the server grants every start of a script",
    breaks: ["neverTwice", "startsAreGranted"],
    edits: [
      // Copies with agents of link version 2 are found before they come to a second start.
      { file: "sim/src/actors/fleet.ts", find: "random.chance(0.15)", replace: "random.chance(1)" },
      {
        file: "server/src/domain/actions/apply-event.ts",
        find: "command.startId !== null && command.startId !== startId",
        replace: "startId === null",
      },
      {
        file: "server/src/domain/agents/connection-work.ts",
        find: "    command.startId === startId &&\n",
        replace: "",
      },
    ],
  },
  {
    name: "the agent does not wait for the grant of a script's start",
    breaks: ["startsAreGranted", "neverTwice"],
    edits: [
      {
        file: "agent/src/core/orders/order-worker.ts",
        find: "while (this.#grant?.startId !== startId || !this.#isFreshGrant(index))",
        replace: "while (startId === null)",
      },
    ],
  },
  {
    name: "a frame is taken whatever its code is",
    breaks: ["startsAreGranted"],
    edits: [
      {
        file: "protocol/src/link-crypto/frame-seal.ts",
        find: "return given.length === code.length && timingSafeEqual(given, code) ? text : null;",
        replace: "return given.length === code.length || timingSafeEqual(given, code) ? text : null;",
      },
    ],
  },
  {
    name: "the agent starts a script by a grant however old it is",
    breaks: ["startsAreGranted"],
    edits: [{ file: "agent/src/limits.ts", find: "maxGrantAgeMs: 10_000", replace: "maxGrantAgeMs: 10_000_000" }],
  },
  {
    name: "an end is recorded that the device did not sign, from a frame that is taken whatever its code is",
    breaks: ["resultsStay"],
    edits: [
      // What else a proxy does is noticed sooner.
      {
        file: "sim/src/link/hostile-proxy.ts",
        find: "    switch (this.#chance.between(0, 3)) {",
        replace: '    if (text !== "") return forward(text);\n    switch (this.#chance.between(0, 3)) {',
      },
      {
        file: "sim/src/link/hostile-proxy.ts",
        find: "!this.#chance.chance(0.3)) return null;",
        replace: "true) return null;",
      },
      {
        file: "protocol/src/link-crypto/frame-seal.ts",
        find: "return given.length === code.length && timingSafeEqual(given, code) ? text : null;",
        replace: "return given.length === code.length || timingSafeEqual(given, code) ? text : null;",
      },
      {
        file: "server/src/gateway/orders/reports.ts",
        find: "if (connection.isSealed && evidence === null) {",
        replace: "if (connection.isSealed && frame === null) {",
      },
    ],
  },
  {
    name: "a server whose store was set back sends again what the device may have run",
    breaks: ["neverTwice", "nothingBreaks"],
    edits: [
      {
        file: "server/src/domain/agents/connection-work.ts",
        find: "hello.highestOrderSeq > lastOrderSeq",
        replace: "hello.highestOrderSeq < 0",
      },
    ],
  },
  {
    name: "a late report moves a cancelled action",
    breaks: ["finalStays", "nothingBreaks"],
    edits: [
      {
        file: "server/src/domain/actions/machine-action.ts",
        find: "  Cancelled: {},",
        replace: '  Cancelled: { succeeded: "Succeeded", failed: "Failed" },',
      },
      {
        file: "server/src/domain/actions/apply-event.ts",
        find: 'if (isFinal(action.status)) return { kind: "changed", action: recorded };',
        replace: "",
      },
    ],
  },
  {
    name: "an end is acknowledged before it is recorded",
    breaks: ["resultsStay"],
    edits: [
      {
        file: "server/src/gateway/orders/reports.ts",
        find: "const recorded = await recordEnded(context, identity, frame, evidence, known);",
        replace: `connection.send({ type: "ack", actionId: frame.actionId, orderSeq: frame.orderSeq, index: frame.index });
          const recorded = await recordEnded(context, identity, frame, evidence, known);`,
      },
    ],
  },
  {
    name: "a transcript is not stored with the end of its command",
    breaks: ["resultsStay"],
    edits: [
      { file: "server/src/store/results/results.ts", find: "content });", replace: "content: new Uint8Array() });" },
    ],
  },
  {
    name: "a session that waited takes a slot although all are taken",
    breaks: ["slotLimitHolds"],
    edits: [
      {
        file: "server/src/service/agents/next-order.ts",
        find: "if (action.slot.held) return true;",
        replace: "return true;",
      },
    ],
  },
  {
    name: "the next order does not wait for the end of a cancelled one",
    breaks: ["oneOrderAtATime"],
    edits: [
      {
        file: "server/src/domain/agents/connection-work.ts",
        find: "if (toEnd) return",
        replace: "if (toEnd === null) return",
      },
    ],
  },
  {
    name: "a new journal is begun before the scripts of the lost one are ended",
    breaks: ["oneOrderAtATime"],
    edits: [
      { file: "agent/src/core/journal/journal-writer.ts", find: "    await beforeNew();\n", replace: "" },
      {
        file: "agent/src/core/journal/journal-writer.ts",
        find: 'deps.log.info("journalBegun", { journalId });',
        replace: 'deps.log.info("journalBegun", { journalId });\n    await beforeNew();',
      },
    ],
  },
  {
    name: "an order that was given up is forgotten while it still runs on the device that holds it",
    breaks: ["oneOrderAtATime"],
    edits: [
      // A device of link version 2 that comes back with its old journal is found to be a copy
      // first.
      { file: "sim/src/actors/fleet.ts", find: "random.chance(0.15)", replace: "random.chance(1)" },
      { file: "server/src/domain/agents/connection-work.ts", find: "if (!mayRun) return", replace: "return" },
    ],
  },
  {
    name: "a retirement does not end the machine's open action",
    breaks: ["retirementHolds"],
    edits: [
      {
        file: "server/src/service/machines/take-out-of-use.ts",
        find: "const endedActionIds = await endOpenActions(tx, caller, machineId, text, nowMs);",
        replace: "const endedActionIds: string[] = [text].slice(1);",
      },
    ],
  },
  {
    name: "a start is granted that was reported after the machine was retired",
    breaks: ["retirementHolds"],
    edits: [
      {
        file: "server/src/service/machines/take-out-of-use.ts",
        find: "connectionEpoch: machine.connectionEpoch + 1,",
        replace: "",
      },
      {
        file: "server/src/service/agents/next-order.ts",
        find: 'if (machine?.isRetired) return { type: "retired" };',
        replace: "",
      },
      {
        file: "server/src/service/agents/machine-reports.ts",
        find: "isGranted: isStartGranted(action, index, startId)",
        replace: 'isGranted: action.commands[index]?.type === "RunScript"',
      },
      {
        file: "server/src/service/agents/machine-reports.ts",
        find: 'return transition.kind === "changed" && isStartGranted(transition.action, index, startId) ? action : null;',
        replace: "return null;",
      },
    ],
  },
  {
    name: "a device's key is not valid yet after the server's clock jumped back",
    breaks: ["nothingBreaks"],
    edits: [
      {
        file: "server/src/store/machines/machines.ts",
        find: '    .where((or) => or.or([or("valid_until_ms", "is", null)',
        replace:
          '    .where("valid_from_ms", "<=", p.now_ms)\n    .where((or) => or.or([or("valid_until_ms", "is", null)',
      },
    ],
  },
  {
    name: "a device is refused for reporting what it did of an action that was given up",
    breaks: ["nothingBreaks"],
    edits: [
      {
        file: "server/src/domain/actions/apply-event.ts",
        find: 'return isFinal(action.status) ? { kind: "unchanged", action } : illegal(detail);',
        replace: "return illegal(detail);",
      },
    ],
  },
  ...DEADLINES,
  ...REPEATED_STARTS,
  ...ROLLING_VALUES,
  ...RUN_AS_MUTATIONS,
  ...UNRECORDED_STARTS,
  ...WAITING_REASONS,
];
