import { createHash } from "node:crypto";
import type { Closed, CommandResult, Ended, Refused, Started } from "@halligan/protocol/link";
import { wellFormedJson } from "@halligan/protocol/text";
import type { EndEvidence } from "../../auth/signatures/signed-end.ts";
import { applyEvent } from "../../domain/actions/apply-event.ts";
import { devicePathOf } from "../../domain/actions/collection/requested-collection.ts";
import type { StoredResult } from "../../domain/actions/command.ts";
import {
  type EventRefusal,
  isFinal,
  type MachineAction,
  type MachineActionEvent,
  type Transition,
} from "../../domain/actions/machine-action.ts";
import { isStartGranted } from "../../domain/agents/connection-work.ts";
import type { StoreTx } from "../../store/store.ts";
import { wakeForFreeSlot } from "../actions/wake-for-free-slot.ts";
import { machineActor } from "../actor.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { resultIdOf } from "../results/receive-result.ts";
import { type ConnectionIdentity, currentConnection } from "./connection/connection-identity.ts";
import { applyStart, type GrantedStart } from "./connection/granted-start.ts";

/**
 * The outcome of a report.
 * recorded: durable, to be acknowledged. Also for a repeated report. `hasFinished`: this report
 *           made the action's status final.
 * stale:    from a connection that is not the machine's newest, or about a closed order. Not
 *           recorded, not acknowledged.
 * illegal:  no honest device sends it. The connection is closed.
 * unknown:  about an order that the store does not know, because it was restored from a backup.
 *           There is nothing to record.
 * twoDevices: another start of the same command was recorded. The machine is put in quarantine.
 */
export type Recorded =
  | { kind: "recorded"; action: MachineAction; hasFinished: boolean }
  | { kind: "stale" }
  | { kind: "illegal"; detail: string }
  | { kind: "unknown" }
  | { kind: "twoDevices" };

export type RecordedStart =
  | Exclude<Recorded, { kind: "recorded" }>
  | { kind: "recorded"; action: MachineAction; isGranted: boolean };

const UPLOAD_LOST = "The server does not have the result that the device uploaded.";

type Report = Pick<Started, "actionId" | "orderSeq">;

/**
 * The action as it is stored, if a start of it may be granted before it is recorded: the connection
 * is the machine's newest, and recording would make this start the only one of its command; else
 * null. Reads only. The connection must record the start within a bound, and before its end is
 * recorded (docs/decisions/0007).
 */
export async function mayGrantUnrecorded(
  { store, clock }: ServiceContext,
  connection: ConnectionIdentity,
  { actionId, orderSeq, index, startId }: Started,
): Promise<MachineAction | null> {
  const [machine, action] = await store.read((tx) =>
    Promise.all([currentConnection(tx, connection), tx.actions.byId(actionId)]),
  );
  if (!machine || action?.machineId !== connection.machineId || action.order?.orderSeq !== orderSeq) return null;
  const transition = applyEvent(action, { type: "started", index, startId }, clock.nowMs());
  return transition.kind === "changed" && isStartGranted(transition.action, index, startId) ? action : null;
}

/**
 * Records the only start of a command. A script's process waits for the grant, which depends on
 * this commit unless {@link mayGrantUnrecorded} allowed it before. `seen`: as of `recordEnded`.
 */
export async function recordStarted(
  context: ServiceContext,
  connection: ConnectionIdentity,
  report: Started,
  sentAtMs: number | null = null,
  atMs: number = context.clock.nowMs(),
  seen: MachineAction | null = null,
): Promise<RecordedStart> {
  const { index, startId } = report;
  const event = { type: "started", index, startId, sentAtMs } as const;
  const recorded = await record(context, connection, report, async () => ({ event, atMs }), { seen });
  if (recorded.kind !== "recorded") return recorded;
  const { action } = recorded;
  return { kind: "recorded", action, isGranted: isStartGranted(action, index, startId) };
}

/**
 * Records the end of a command, its result and the device's signature about both in one commit.
 * After the acknowledgement the result can be downloaded. `evidence`: verified; null from a device
 * of link version 1. `granted`: the start of the same command, if it is not recorded yet. `seen`:
 * the action as this connection last read or saved it, which spares a round trip if it is so still.
 */
export async function recordEnded(
  context: ServiceContext,
  connection: ConnectionIdentity,
  report: Ended,
  evidence: EndEvidence | null = null,
  { granted = null, seen = null }: Known = {},
): Promise<Recorded> {
  const isRemoved = await isUploadRemoved(context, connection, report);
  const decide: Decide = async (tx, action) => {
    const command = action.commands[report.index];
    const seenBefore = command?.status === "Completed" || command?.status === "Failed";
    const received = seenBefore ? { result: command.result } : await readResult(tx, action, report, isRemoved);
    const { index, outcome, errors, endedAgoMs } = report;
    // A device names only results that were acknowledged as complete, so the store was restored
    // from a backup since. If the server refused the report, the device would resend it
    // indefinitely.
    const event: MachineActionEvent =
      received.result === "unknownUpload"
        ? { type: "ended", index, outcome: "failed", errors: [...errors, UPLOAD_LOST], result: null, endedAgoMs }
        : { type: "ended", index, outcome, errors, result: received.result, endedAgoMs };
    const keep = async () => {
      if (evidence) await tx.signedEnds.insert({ actionId: action.id, index, ...evidence });
      await received.keep?.();
    };
    return seenBefore ? { event } : { event, keep };
  };
  return record(context, connection, report, decide, { granted, seen });
}

export function recordClosed(
  context: ServiceContext,
  connection: ConnectionIdentity,
  report: Closed,
): Promise<Recorded> {
  return record(context, connection, report, async () => ({
    event: { type: "orderClosed", errors: report.errors },
  }));
}

/**
 * An order that was refused as `busy` or `late` is sent again. Every other refusal ends the action
 * with the reason.
 */
export async function recordRefused(
  context: ServiceContext,
  connection: ConnectionIdentity,
  report: Refused,
): Promise<Recorded> {
  return record(context, connection, report, async (tx, action) => {
    if (report.code === "busy" || report.code === "late") return null;
    // A device may refuse any number of times. Only a refusal that ends the action is worth an
    // audit record.
    if (!isFinal(action.status))
      await events.orderRefused(
        tx,
        machineActor(connection.machineId, connection.remoteAddress),
        action,
        report.code,
        context.clock.nowMs(),
      );
    const reason = `The device refused the order (${report.code}): ${report.message}${upgradeHint(report, action)}`;
    return { event: { type: "lost", reason } };
  });
}

/** An agent refuses an order with a member that it does not know, and cannot say which one. */
function upgradeHint({ code }: Refused, { commands, options, secrets }: MachineAction): string {
  const hasNewPath = commands.some((command) => command.archive || devicePathOf(command).pathBase64 !== undefined);
  const what = [
    ...(hasNewPath ? ["archives of folders and patterns and paths in base64"] : []),
    ...(options.runAs === null ? [] : ["runAs"]),
    ...(secrets ? ["secrets"] : []),
  ];
  if (code !== "malformed" || what.length === 0) return "";
  return ` Its agent is older than ${what.join(" and ")}. Upgrade it, and start again.`;
}

/**
 * `keep`: stores rows that belong to the event. Only called if the event changed the action, so a
 * refused report leaves nothing. `atMs`: when it happened, if that is not now.
 */
type Decision = { event: MachineActionEvent; atMs?: number; keep?: () => Promise<void> } | null;
type Decide = (tx: StoreTx, action: MachineAction) => Promise<Decision>;

/** What the connection knows before it records a report. */
interface Known {
  readonly granted?: GrantedStart | null;
  readonly seen?: MachineAction | null;
}

async function record(
  context: ServiceContext,
  connection: ConnectionIdentity,
  report: Report,
  decide: Decide,
  { granted = null, seen = null }: Known = {},
): Promise<Recorded> {
  const { store, clock } = context;
  const recorded = await store.write(async (tx): Promise<Recorded> => {
    const { isNewest, stored } = await loadReported(tx, connection, report.actionId, seen);
    if (!isNewest) return { kind: "stale" };
    const isOther = stored?.order && stored.order.orderSeq !== report.orderSeq;
    if (isOther || (stored && stored.machineId !== connection.machineId)) {
      return { kind: "illegal", detail: "a report about an order that this machine was never given" };
    }
    if (!stored?.order) return { kind: "unknown" };
    const start = granted ? applyStart(stored, granted) : unchanged(stored);
    if (isRefused(start)) return impossible(start);
    const { action } = start;
    const decision = await decide(tx, action);
    const nowMs = clock.nowMs();
    const transition = decision ? applyEvent(action, decision.event, decision.atMs ?? nowMs) : unchanged(action);
    if (isRefused(transition)) return impossible(transition);
    const isChanged = transition.kind === "changed";
    if (!isChanged && start.kind !== "changed") return { kind: "recorded", action, hasFinished: false };
    if (isChanged) await decision?.keep?.();
    const saved = await tx.actions.save(stored, transition.action);
    const hasFinished = isFinal(saved.status) && !isFinal(stored.status);
    if (hasFinished) await events.ended(tx, machineActor(connection.machineId, connection.remoteAddress), saved, nowMs);
    return { kind: "recorded", action: saved, hasFinished };
  });
  if (recorded.kind === "recorded" && recorded.hasFinished) await wakeForFreeSlot(context);
  return recorded;
}

async function loadReported(
  tx: StoreTx,
  connection: ConnectionIdentity,
  actionId: string,
  seen: MachineAction | null,
): Promise<{ isNewest: boolean; stored: MachineAction | undefined }> {
  if (seen?.id === actionId) {
    const { machineId, connectionEpoch } = connection;
    const mayAssume = await tx.machines.assumeConnection(machineId, connectionEpoch);
    if (mayAssume && (await tx.actions.assumeUnchanged(seen))) return { isNewest: true, stored: seen };
  }
  // Issued together to save a round trip. The machine is loaded first because its row is the lock.
  const [machine, stored] = await Promise.all([currentConnection(tx, connection), tx.actions.byId(actionId)]);
  return { isNewest: machine !== undefined, stored };
}

const unchanged = (action: MachineAction): Transition => ({ kind: "unchanged", action });

const isRefused = (transition: Transition): transition is EventRefusal =>
  transition.kind === "illegal" || transition.kind === "anotherStart";

function impossible(refusal: EventRefusal): Recorded {
  switch (refusal.kind) {
    case "anotherStart":
      return { kind: "twoDevices" };
    case "illegal":
      return refusal;
  }
}

/**
 * Whether the bytes of a reported upload were removed as abandoned. That happens only after the
 * action became final. The row of the upload can be there again if the database was restored from a
 * backup.
 */
async function isUploadRemoved(
  { store, blobs }: ServiceContext,
  { machineId }: ConnectionIdentity,
  { actionId, index, result }: Ended,
): Promise<boolean> {
  if (result?.kind !== "uploaded") return false;
  const action = await store.read((tx) => tx.actions.byId(actionId));
  if (!action || !isFinal(action.status)) return false;
  const resultId = resultIdOf(machineId, actionId, index, result.uploadId);
  return (await blobs.statResult({ resultId, sha256: result.sha256 })) === null;
}

interface ReadResult {
  result: StoredResult | null | "unknownUpload";
  keep?: () => Promise<void>;
}

/** The result of a report, and a function that stores its bytes. */
async function readResult(tx: StoreTx, action: MachineAction, report: Ended, isRemoved: boolean): Promise<ReadResult> {
  const result: CommandResult | null = report.result;
  if (result === null) return { result };
  const { output } = result;
  if (result.kind === "inline") {
    // The transcript is JSON inside JSON. The frame's own text was repaired when it was read; the
    // escapes in the transcript were not.
    const content = Buffer.from(wellFormedJson(result.transcript), "utf8");
    const sha256 = createHash("sha256").update(content).digest("hex");
    return {
      result: { kind: "inline", sizeBytes: content.length, sha256, ...(output && { output }) },
      keep: () => tx.results.insertInline(action.id, report.index, content),
    };
  }
  const resultId = resultIdOf(action.machineId, action.id, report.index, result.uploadId);
  const upload = await tx.results.upload(resultId);
  if (isRemoved || upload?.sha256 !== result.sha256 || upload.sizeBytes !== result.sizeBytes)
    return { result: "unknownUpload" };
  const { fileChange } = result;
  return {
    result: { kind: "blob", resultId, ...upload, ...(fileChange && { fileChange }), ...(output && { output }) },
    keep: () => tx.resultSpace.keep(resultId),
  };
}
