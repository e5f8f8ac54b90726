import type { Mutation } from "./mutations.ts";

const FILE = "server/src/domain/actions/progress/waiting-reason.ts";

/** Bugs of the reasons why actions wait. */
export const WAITING_REASONS: readonly Mutation[] = [
  {
    name: "an action of a connected device is said to wait for the device",
    breaks: ["reasonsAreTrue"],
    edits: [
      {
        file: FILE,
        find: "if (!machine.linked) return deviceIsAway(",
        replace: "if (machine.linked) return deviceIsAway(",
      },
    ],
  },
  {
    name: "an action without an order has no reason why it waits",
    breaks: ["reasonsAreTrue"],
    edits: [
      {
        file: FILE,
        find: "if (isFinal(action.status)) return null;",
        replace: "if (isFinal(action.status) || !action.order) return null;",
      },
    ],
  },
  {
    name: "an action is said to be on its way while an earlier order is out",
    breaks: ["reasonsAreTrue"],
    edits: [{ file: FILE, find: "if (previous) {", replace: 'if (previous?.id === "") {' }],
  },
  {
    name: "an action for which a slot is free is said to wait for one",
    breaks: ["reasonsAreTrue"],
    edits: [{ file: FILE, find: "if (queue && queue.position > queue.freeSlots) {", replace: "if (queue) {" }],
  },
  {
    name: "an action whose start time has come is said to wait for it",
    breaks: ["reasonsAreTrue"],
    edits: [
      { file: FILE, find: "if (isScheduledLater(action, nowMs)) {", replace: "if (action.options.notBeforeMs) {" },
    ],
  },
  {
    name: "an action is sent before its start time",
    breaks: ["notBeforeHolds"],
    edits: [
      {
        file: "server/src/domain/agents/connection-work.ts",
        find: "const isDue = scheduled && !isScheduledLater(scheduled, nowMs);",
        replace: "const isDue = scheduled && !isScheduledLater(scheduled, nowMs + 3_600_000);",
      },
    ],
  },
];
