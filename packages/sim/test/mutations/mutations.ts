import type { Invariant } from "../../src/world/violation.ts";
import { UNRECORDED_STARTS } from "./unrecorded-starts.ts";

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
        file: "server/src/store/migrations/0021-fewer-pages.ts",
        find: "create unique index machine_action_open",
        replace: "create index machine_action_open",
      },
      {
        file: "server/src/service/actions/run-live-response.ts",
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
    breaks: ["neverTwice"],
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
        replace: '    if (text !== "") return untouched(text);\n    switch (this.#chance.between(0, 3)) {',
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
    name: "the loop that compares deadlines never runs",
    breaks: ["everyActionEnds"],
    edits: [
      {
        file: "server/src/setup/background-jobs.ts",
        find: "() => expireActions(service, overdue)",
        replace: "async () => 0",
      },
    ],
  },
  {
    name: "a deadline fires as soon as the wall clock says so",
    breaks: ["noEarlyTimeOut"],
    edits: [
      {
        file: "server/src/service/actions/expire-actions.ts",
        find: "export const OVERDUE_FOR_MS = 60_000;",
        replace: "export const OVERDUE_FOR_MS = 0;",
      },
    ],
  },
  {
    name: "an end is acknowledged before it is recorded",
    breaks: ["resultsStay"],
    edits: [
      {
        file: "server/src/gateway/orders/reports.ts",
        find: "const recorded = await recordEnded(context, identity, frame, evidence, granted);",
        replace: `connection.send({ type: "ack", actionId: frame.actionId, orderSeq: frame.orderSeq, index: frame.index });
          const recorded = await recordEnded(context, identity, frame, evidence, granted);`,
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
    name: "a time-out is not written into the audit",
    breaks: ["auditIsTrue"],
    edits: [
      {
        file: "server/src/service/actions/expire-actions.ts",
        find: "await events.ended(tx, SERVER, saved, nowMs);",
        replace: "",
      },
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
    name: "the bound of an action is shorter than what its commands may take",
    breaks: ["boundsSpareTheHonest"],
    edits: [
      {
        file: "server/src/domain/actions/action-bound.ts",
        find: "limits.orderAcceptanceMs + workMs + limits.sessionPlaceGraceMs + limits.actionGraceMs;",
        replace: "3_000 + 0 * workMs;",
      },
    ],
  },
  {
    name: "the bound of an action begins again when its device is back",
    breaks: ["slotsAreFreed", "everyActionEnds"],
    edits: [
      {
        file: "server/src/domain/actions/action-bound.ts",
        find: "untilMs: bound.untilMs + pausedMs,",
        replace: "untilMs: nowMs + 13 * 60_000 + pausedMs,",
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
    name: "a new journal leaves the values of the journal before it valid",
    breaks: ["clonesAreFound", "quarantineHolds"],
    edits: [
      {
        file: "server/src/domain/machines/clone-detection.ts",
        find: "held: null, lowestNumber: nextNumber(known) });",
        replace: "held: null });",
      },
    ],
  },
  {
    name: "a rolling value that the device has replaced is accepted",
    breaks: ["clonesAreFound", "quarantineHolds"],
    edits: [
      {
        file: "server/src/domain/machines/clone-detection.ts",
        find: 'if (value.number < known.lowestNumber) return clone("OldRollingValue");',
        replace: "",
      },
    ],
  },
  {
    name: "a rolling value is confirmed before it is durable on the device",
    breaks: ["quarantineHolds"],
    edits: [
      {
        file: "agent/src/core/journal/rolling-value.ts",
        find: '      await this.#deps.journal.tryAppend({ type: "rollingValue", value });\n',
        replace: "",
      },
    ],
  },
  {
    name: "a rolling value does not survive the journal's compaction",
    breaks: ["quarantineHolds"],
    edits: [
      {
        file: "agent/src/core/journal/journal.ts",
        find: "if (state.rollingValue !== null) list.push",
        replace: "if (state.rollingValue === null) list.push",
      },
      { file: "agent/src/core/journal/journal.ts", find: "value: state.rollingValue });", replace: 'value: "" });' },
      {
        file: "agent/src/limits.ts",
        find: "compactJournalAfterBytes: 1 * MIB",
        replace: "compactJournalAfterBytes: 1",
      },
    ],
  },
  {
    name: "an offered rolling value counts as held before the device has confirmed it",
    breaks: ["quarantineHolds"],
    edits: [
      {
        file: "server/src/service/agents/connection/answer-hello.ts",
        find: "continuity: offered ? { ...judged.continuity, offered } : judged.continuity,",
        replace: "continuity: offered ? withHeld({ ...judged.continuity, offered }, offered) : judged.continuity,",
      },
    ],
  },
  {
    name: "a value that is newer than a restored server's records is taken for a copy's",
    breaks: ["quarantineHolds"],
    edits: [
      {
        file: "server/src/domain/machines/clone-detection.ts",
        find: 'if (!value.isGenuine && !isKnown) return { kind: "unknownValue" };',
        replace: 'if (!isKnown && value.number > (known.offered?.number ?? 0)) return clone("OtherRollingValue");',
      },
    ],
  },
  {
    name: "a start is granted before the rolling value of its connection is confirmed",
    breaks: ["clonesAreFound"],
    edits: [
      {
        file: "server/src/gateway/orders/reports.ts",
        find: "const { identity, orderSentAtMs, isSealed, isValueUnkept, unrecorded } = connection;",
        replace: "const { identity, orderSentAtMs, isSealed, unrecorded } = connection; const isValueUnkept = false;",
      },
    ],
  },
  {
    name: "a process that comes back after another one is let in",
    breaks: ["clonesAreFound"],
    edits: [
      {
        file: "server/src/domain/machines/clone-detection.ts",
        find: "if (known.earlierProcessIds.includes(presented.processId))",
        replace: "if (presented.processId === journalId)",
      },
    ],
  },
  {
    name: "a wiped device whose old link is dead is taken for a clone",
    breaks: ["quarantineHolds"],
    edits: [
      {
        file: "server/src/gateway/gateway.ts",
        find: "if (await older.isAliveWithin(this.#probeTimeoutMs(older.marks)))",
        replace: "if (older)",
      },
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
        find: "isGranted: isStartGranted(recorded.action, index, startId)",
        replace: 'isGranted: recorded.action.commands[index]?.type === "RunScript"',
      },
      {
        file: "server/src/service/agents/machine-reports.ts",
        find: 'return transition.kind === "changed" && isStartGranted(transition.action, index, startId);',
        replace: "return false;",
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
  ...UNRECORDED_STARTS,
];
