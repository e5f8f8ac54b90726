import {
  ApiError,
  type AuditOptions,
  type HalliganClient,
  TokenError,
  UnreachableError,
} from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { CommandContext, CommandDefinition, Outcome } from "../../command.ts";
import { InterruptedError, UsageError } from "../../errors/cli-error.ts";
import { describeFailure } from "../../errors/describe-failure.ts";
import { EXIT } from "../../errors/exit-codes.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { renderAuditRecord, renderExportedRecord } from "../../render/audit-record.ts";

const POLL_INTERVAL_MS = 2_000;
const LARGEST_PART = 1_000;

export const audit: CommandDefinition = {
  usage: "",
  details: [
    "Newest first. With --follow oldest first, then each new record when it is written, until Ctrl+C; while the server " +
      "cannot be reached it goes on trying.",
    "With --after oldest first, for an export. Each line begins with the seq of its record: continue after the last one, or " +
      "after nextAfter of --json. No record is missed and none comes twice.",
    "A record has every fact of its operation: of a start its comment and its commands with their arguments, and the " +
      "caller's address.",
  ],
  options: {
    machine: { type: "string", placeholder: "MACHINE", help: "only what concerns this machine" },
    action: { type: "string", placeholder: "ACTION", help: "only what concerns this action" },
    actor: { type: "string", placeholder: "ID", help: "only what this application or user did (client id or user id)" },
    operation: { type: "string", placeholder: "NAME", help: "only this operation, for example RunLiveResponse" },
    top: {
      type: "string",
      placeholder: "N",
      help: "at most N (default 50; with --after 1000; with --follow 10 to begin with)",
    },
    after: { type: "string", placeholder: "SEQ", help: "only records after this one, oldest first; 0 for all" },
    follow: { type: "boolean", short: "f", help: "go on with new records" },
  },
  positionals: { min: 0, max: 0 },
  examples: [
    "halligan audit --machine web-01",
    "halligan audit --operation RunLiveResponse --follow",
    "halligan audit --after 0 --top 100000 --json",
    "halligan audit --after 4711 --follow --json",
  ],
  jsonShape:
    "{records: [{seq, at, actor, actorId, actorKind, application, address, operation, machineId, actionId, detail}], nextAfter? with --after}; with --follow one record on each line",
  async run(context) {
    const { args, connect, signal } = context;
    const isFollowing = args.flag("follow");
    const after = args.integer("after", { min: 0, max: Number.MAX_SAFE_INTEGER });
    const top = args.integer("top", { min: 1, max: 1_000_000 });
    if (isFollowing && after !== undefined && top !== undefined) {
      throw new UsageError("--follow with --after has no end; leave --top out.");
    }
    const client = await connect();
    const machine = args.text("machine");
    const filter: AuditOptions = {
      machineId: machine === undefined ? undefined : await findAnyMachineId(client, machine, "all", signal),
      actionId: args.text("action")?.toLowerCase(),
      actorId: args.text("actor"),
      operation: args.text("operation"),
      signal,
    };
    if (isFollowing && after !== undefined) return follow(context, client, filter, after, renderExportedRecord);
    if (isFollowing) {
      return follow(context, client, filter, await startOf(client, filter, top ?? 10), renderAuditRecord);
    }
    if (after !== undefined) return exportFrom(client, filter, after, top ?? LARGEST_PART);
    const records = await client.listAudit({ ...filter, limit: top ?? 50 });
    return { json: { records }, text: records.map(renderAuditRecord).join("") };
  },
};

async function exportFrom(
  client: HalliganClient,
  filter: AuditOptions,
  after: number,
  limit: number,
): Promise<Outcome> {
  let part = await client.exportAudit({ ...filter, after, limit: Math.min(limit, LARGEST_PART) });
  const records = [...part.records];
  while (part.isMoreReady && records.length < limit) {
    const left = Math.min(limit - records.length, LARGEST_PART);
    part = await client.exportAudit({ ...filter, after: part.nextAfter, limit: left });
    records.push(...part.records);
  }
  return {
    json: { records, nextAfter: part.nextAfter },
    text: records.map(renderExportedRecord).join(""),
    notes: `The next records: halligan audit --after ${part.nextAfter}\n`,
  };
}

/** The position right before the newest `count` records. */
async function startOf(client: HalliganClient, filter: AuditOptions, count: number): Promise<number> {
  const oldest = (await client.listAudit({ ...filter, limit: count })).at(-1);
  return oldest === undefined ? 0 : oldest.seq - 1;
}

/** The signal is the usual end, so nothing is said about it: each line is a record. */
async function follow(
  context: CommandContext,
  client: HalliganClient,
  filter: AuditOptions,
  start: number,
  render: typeof renderAuditRecord,
): Promise<Outcome> {
  try {
    return await followUntilSignal(context, client, filter, start, render);
  } catch (error) {
    const reason: unknown = context.signal.reason;
    if (!(reason instanceof InterruptedError)) throw error;
    return { json: {}, isStreamed: true, exitCode: EXIT[reason.exit] };
  }
}

/** Ends by the signal, or by an error that another attempt does not change. */
async function followUntilSignal(
  { emit, note, signal }: CommandContext,
  client: HalliganClient,
  filter: AuditOptions,
  start: number,
  render: typeof renderAuditRecord,
): Promise<Outcome> {
  let after = start;
  for (;;) {
    try {
      const part = await client.exportAudit({ ...filter, after });
      for (const record of part.records) await emit(record, render(record));
      after = part.nextAfter;
      if (part.isMoreReady) continue;
    } catch (cause) {
      signal.throwIfAborted();
      if (!isPassing(cause)) throw cause;
      note(`halligan: ${describeFailure(cause).message}`);
      note(`The audit is followed on after seq ${after}.`);
    }
    await sleep(systemClock, POLL_INTERVAL_MS, signal);
  }
}

/** Whether the server was unavailable or busy for longer than the client's own attempts. */
const isPassing = (cause: unknown): boolean =>
  cause instanceof UnreachableError ||
  ((cause instanceof ApiError || cause instanceof TokenError) && (cause.status === 429 || cause.status >= 500));
