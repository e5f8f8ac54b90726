import type { Mutation } from "./mutations.ts";

/** Bugs of starts that are granted before they are recorded (docs/decisions/0007). */
export const UNRECORDED_STARTS: readonly Mutation[] = [
  {
    name: "a start that was granted is not recorded when its connection ends",
    breaks: ["neverTwice"],
    edits: [
      {
        file: "server/src/service/agents/connection/record-disconnect.ts",
        find: 'return start.kind === "changed" ? start.action : action;',
        replace: "return action;",
      },
    ],
  },
  {
    name: "a start in doubt does not count when the device comes back with another process",
    breaks: ["neverTwice"],
    edits: [
      {
        file: "server/src/domain/agents/connection-work.ts",
        find: "if (inDoubt === null || isFinal(action.status) || continuity?.processId === inDoubt) return false;",
        replace: "if (inDoubt !== null || continuity !== undefined) return false;",
      },
    ],
  },
  {
    name: "the connections of a stopped server leave no start in doubt",
    breaks: ["neverTwice"],
    edits: [
      {
        file: "server/src/service/agents/connection/record-disconnect.ts",
        find: ": withStartInDoubt(action, machine.continuity.processId);",
        replace: ": action;",
      },
    ],
  },
  {
    name: "the agent never syncs what it has only written",
    breaks: ["journalIsSynced"],
    edits: [
      {
        file: "agent/src/core/journal/journal-writer.ts",
        find: "      await this.#deps.disk.syncJournal();",
        replace: "",
      },
    ],
  },
];
