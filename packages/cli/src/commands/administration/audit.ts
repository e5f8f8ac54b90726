import type { AuditRecordWire } from "@halligan/protocol/api";
import type { AuditOptions, HalliganClient } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { CommandContext, CommandDefinition, Outcome } from "../../command.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { renderAuditRecord } from "../../render/audit-record.ts";

const POLL_INTERVAL_MS = 2_000;
/**
 * A record can become visible after a record with a higher number, so each poll reads this many of
 * the newest records.
 */
const LOOKED_AT = 1_000;

export const audit: CommandDefinition = {
  usage: "",
  details: [
    "Newest first; with --follow oldest first, then each new record when it is written, until Ctrl+C.",
    "A record has every fact of its operation: of a start its comment and its commands with their arguments, and the " +
      "caller's address.",
  ],
  options: {
    machine: { type: "string", placeholder: "MACHINE", help: "only what concerns this machine" },
    action: { type: "string", placeholder: "ACTION", help: "only what concerns this action" },
    actor: { type: "string", placeholder: "ID", help: "only what this application or user did (client id or user id)" },
    operation: { type: "string", placeholder: "NAME", help: "only this operation, for example RunLiveResponse" },
    top: { type: "string", placeholder: "N", help: "at most N (default 50; with --follow 10 to begin with)" },
    follow: { type: "boolean", short: "f", help: "go on with new records" },
  },
  positionals: { min: 0, max: 0 },
  examples: ["halligan audit --machine web-01", "halligan audit --operation RunLiveResponse --follow"],
  jsonShape:
    "{records: [{seq, at, actor, actorId, actorKind, application, address, operation, machineId, actionId, detail}]}; with --follow one record on each line",
  async run(context) {
    const { args, connect, signal } = context;
    const isFollowing = args.flag("follow");
    const limit = args.integer("top", { min: 1, max: 1_000_000 }) ?? (isFollowing ? 10 : 50);
    const client = await connect();
    const machine = args.text("machine");
    const filter: AuditOptions = {
      machineId: machine === undefined ? undefined : await findAnyMachineId(client, machine, "all", signal),
      actionId: args.text("action")?.toLowerCase(),
      actorId: args.text("actor"),
      operation: args.text("operation"),
      signal,
    };
    if (isFollowing) return follow(context, client, filter, limit);
    const records = await client.listAudit({ ...filter, limit });
    return { json: { records }, text: records.map(renderAuditRecord).join("") };
  },
};

/** Ends only by the signal. */
async function follow(
  { emit, signal }: CommandContext,
  client: HalliganClient,
  filter: AuditOptions,
  limit: number,
): Promise<Outcome> {
  const first = await client.listAudit({ ...filter, limit: Math.max(limit, LOOKED_AT) });
  let seen = new Set(first.map(({ seq }) => seq));
  const show = async (records: readonly AuditRecordWire[]) => {
    for (const record of records.toReversed()) await emit(record, renderAuditRecord(record));
  };
  await show(first.slice(0, limit));
  for (;;) {
    await sleep(systemClock, POLL_INTERVAL_MS, signal);
    const newest = await readUntilKnown(client, filter, seen);
    const fresh = newest.filter(({ seq }) => !seen.has(seq));
    await show(fresh);
    seen = new Set(newest.map(({ seq }) => seq));
  }
}

/** Reads the newest records until it finds a known one, and some more. */
async function readUntilKnown(
  client: HalliganClient,
  filter: AuditOptions,
  seen: ReadonlySet<number>,
): Promise<AuditRecordWire[]> {
  for (let limit = LOOKED_AT; ; limit *= 4) {
    const records = await client.listAudit({ ...filter, limit });
    if (records.length < limit || records.some(({ seq }) => seen.has(seq))) return records;
  }
}
