import { MACHINE_ACTION_STATUSES } from "@halligan/protocol/api";
import { odataText } from "@halligan/protocol/client";
import { systemClock } from "@halligan/protocol/time";
import { actionJson } from "../../actions/action-json.ts";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { findMachineId } from "../../lookup/machine.ts";
import { renderActions, renderWaitingActions } from "../../render/action.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";

export const actions: CommandDefinition = {
  usage: "",
  options: {
    machine: { type: "string", placeholder: "MACHINE", help: "only of this machine" },
    status: { type: "string", placeholder: "STATUS", help: `one of ${MACHINE_ACTION_STATUSES.join(", ")}` },
    waiting: { type: "boolean", help: "also what each unfinished action waits for" },
    top: { type: "string", placeholder: "N", help: "at most N (default 20)" },
  },
  positionals: { min: 0, max: 0 },
  examples: ["halligan actions --machine web-01 --status Failed", "halligan actions --status Pending --waiting"],
  jsonShape: "{actions: [the API's machine actions]}; with --waiting each unfinished one has waiting",
  async run({ args, connect, env, signal }) {
    const limit = args.integer("top", { min: 1, max: 1_000_000 }) ?? 20;
    const filters: string[] = [];
    const status = args.text("status");
    if (status !== undefined) filters.push(`status eq ${odataText(exactStatus(status))}`);
    const client = await connect();
    const machine = args.text("machine");
    if (machine !== undefined) {
      filters.push(`machineId eq ${odataText(await findMachineId(client, machine, signal))}`);
    }
    const filter = filters.length === 0 ? undefined : filters.join(" and ");
    if (args.flag("waiting")) {
      const all = await client.listMachineActionDetails({ filter, limit, signal });
      const actions = all.map((one) => ({ ...actionJson(one), ...(one.waiting && { waiting: one.waiting }) }));
      return { json: { actions }, text: renderWaitingActions(all, terminalWidth(env.stdout), systemClock.nowMs()) };
    }
    const all = await client.listMachineActions({ filter, limit, signal });
    return { json: { actions: all.map(actionJson) }, text: renderActions(all, terminalWidth(env.stdout)) };
  },
};

function exactStatus(typed: string): string {
  const status = MACHINE_ACTION_STATUSES.find((one) => one.toLowerCase() === typed.toLowerCase());
  if (status !== undefined) return status;
  throw new UsageError(`--status is one of ${MACHINE_ACTION_STATUSES.join(", ")}, not "${typed}".`);
}
