import type { Mutation } from "./mutations.ts";

/** Bugs of the rolling value and process id that show a copy of a device (docs/decisions/0016). */
export const ROLLING_VALUES: readonly Mutation[] = [
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
        find: "const { identity, orderSentAtMs, isSealed, isValueUnconfirmed, unrecorded, seen } = connection;",
        replace:
          "const { identity, orderSentAtMs, isSealed, unrecorded, seen } = connection; const isValueUnconfirmed = false;",
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
];
