import type { Mutation } from "./mutations.ts";

/** Bugs of deadlines and of the bound of an action. */
export const DEADLINES: readonly Mutation[] = [
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
];
