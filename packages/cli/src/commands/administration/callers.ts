import type { BlockedCallerWire } from "@halligan/protocol/api";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { orSee } from "../../errors/or-see.ts";
import { madeBy } from "../../lookup/application.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { type Column, renderTable } from "../../render/text/table.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { formatTime } from "../../render/text/units.ts";
import { positional } from "../shared-options.ts";

const COLUMNS: readonly Column<BlockedCallerWire>[] = [
  { title: "CALLER", cell: ({ callerId }) => callerId, isName: true },
  { title: "BLOCKED", cell: ({ blockedAt }) => formatTime(blockedAt) },
  { title: "BY", cell: ({ blockedBy }) => blockedBy },
  { title: "REASON", cell: ({ reason }) => reason, mayShrink: true },
];
const ABOUT =
  "CALLER is the actorId of the audit log: the URL of the issuer, #, and the id of the person or application there.";

function outsideCaller(given: string): string {
  if (/^[^#]+#./.test(given)) return given;
  throw new UsageError(
    "CALLER is ISSUER#ID, as actorId has it in halligan audit --json. An application of this server ends with " +
      "halligan app remove.",
  );
}

export const callersBlock: CommandDefinition = {
  usage: "CALLER",
  details: [
    ABOUT,
    "Its tokens and result links are refused at once, whatever its issuer says. Repeating it changes nothing. For an " +
      "application of this server there is halligan app remove.",
  ],
  options: {
    reason: { type: "string", placeholder: "TEXT", help: 'why, for the record (default "blocked with halligan")' },
  },
  positionals: { min: 1, max: 1 },
  examples: ['halligan callers block "https://login.example/realms/soc#user-17" --reason "left"'],
  jsonShape: "{caller: {callerId, blockedBy, blockedAt, reason}}",
  async run({ args, connect, signal }) {
    const callerId = outsideCaller(positional(args, 0));
    const client = await connect();
    const reason = args.text("reason") ?? "blocked with halligan";
    const notes = await madeBy(client, callerId, signal);
    const caller = await client.blockCaller({ callerId, reason }, { signal });
    return { json: { caller }, text: `Blocked ${harmlessLine(caller.callerId)}\n`, notes };
  },
};

export const callersUnblock: CommandDefinition = {
  usage: "CALLER",
  details: [ABOUT],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ['halligan callers unblock "https://login.example/realms/soc#user-17"'],
  jsonShape: "{unblocked: CALLER}",
  async run({ args, connect, signal }) {
    const callerId = outsideCaller(positional(args, 0));
    await orSee((await connect()).unblockCaller(callerId, { signal }), "halligan callers list");
    return { json: { unblocked: callerId }, text: `${harmlessLine(callerId)} is not blocked any more\n` };
  },
};

export const callersList: CommandDefinition = {
  usage: "",
  options: {},
  positionals: { min: 0, max: 0 },
  examples: ["halligan callers list"],
  jsonShape: "{callers: [{callerId, blockedBy, blockedAt, reason}]}",
  async run({ connect, env, signal }) {
    const callers = await (await connect()).listBlockedCallers({ signal });
    return { json: { callers }, text: renderTable(callers, COLUMNS, terminalWidth(env.stdout)) };
  },
};
