import type { Mutation } from "./mutations.ts";

/** Bugs of scripts that run as another user. */
export const RUN_AS_MUTATIONS: readonly Mutation[] = [
  {
    name: "the order of a script leaves its user out",
    breaks: ["runsAsItsUser"],
    edits: [
      {
        file: "server/src/domain/actions/order.ts",
        find: "...(runAs !== null && { runAs }),",
        replace: "",
      },
    ],
  },
  {
    name: "the user of an action is not stored with it",
    breaks: ["runsAsItsUser"],
    edits: [
      {
        file: "server/src/domain/actions/options/action-options.ts",
        find: "...(runAs !== null && { runAs }),",
        replace: "",
      },
    ],
  },
  {
    name: "a script of another user is sent to an agent that is too old for it",
    breaks: ["runsAsItsUser"],
    edits: [
      {
        file: "server/src/domain/actions/options/run-as.ts",
        find: "if (features.includes(RUN_AS)) return null;",
        replace: "return null;",
      },
    ],
  },
  {
    name: "the agent ignores the user of a script",
    breaks: ["runsAsItsUser"],
    edits: [
      { file: "sim/src/device/sim-runner.ts", find: "runAs ?? AGENT_USER", replace: 'runAs && "" || AGENT_USER' },
    ],
  },
];
