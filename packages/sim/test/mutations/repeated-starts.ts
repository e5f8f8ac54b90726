import type { Mutation } from "./mutations.ts";

/** Bugs of starts that are repeated with an Idempotency-Key. */
export const REPEATED_STARTS: readonly Mutation[] = [
  {
    name: "the key of a start is not stored with its action",
    breaks: ["oneActionPerKey"],
    edits: [
      {
        file: "server/src/service/actions/start/run-live-response.ts",
        find: "if (key) await keepKey(tx, caller, key, accepted);",
        replace: "",
      },
    ],
  },
];
