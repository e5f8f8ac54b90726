import type { AgentFrame, LINK_CLOSE, ServerFrame } from "@halligan/protocol/link";
import type { DeviceKey } from "../../auth/signatures/device-key.ts";
import { checkSignedEnd } from "../../auth/signatures/signed-end.ts";
import { isFinal } from "../../domain/actions/machine-action.ts";
import type { ConnectionIdentity } from "../../service/agents/connection/connection-identity.ts";
import {
  mayGrantUnrecorded,
  type Recorded,
  type RecordedStart,
  recordClosed,
  recordEnded,
  recordRefused,
  recordStarted,
} from "../../service/agents/machine-reports.ts";
import type { ServiceContext } from "../../service/context.ts";
import type { SeenAction } from "./seen-action.ts";
import type { UnrecordedStart } from "./unrecorded-start.ts";

export type ReportFrame = Extract<AgentFrame, { type: "started" | "ended" | "closed" | "refused" }>;
type FrameOf<T extends ReportFrame["type"]> = Extract<ReportFrame, { type: T }>;

export function isReport(frame: AgentFrame): frame is ReportFrame {
  return frame.type === "started" || frame.type === "ended" || frame.type === "closed" || frame.type === "refused";
}

/** A connection that records what it has granted. */
export interface RecordingConnection {
  identity: ConnectionIdentity;
  unrecorded: UnrecordedStart;
  seen: SeenAction;
}

/** Facts about the connection on which a report came. */
export interface ReportingConnection extends RecordingConnection {
  /** The device key that signs the ends. */
  deviceKey: DeviceKey | null;
  /** True from link version 2 on, where each end must be signed. */
  isSealed: boolean;
  /**
   * True while the device has not confirmed the rolling value of this connection. No start is
   * granted before that.
   */
  isValueUnconfirmed: boolean;
  /** When the order was sent on this connection; null if it was not. */
  orderSentAtMs: number | null;
  send(frame: ServerFrame): void;
}

/**
 * What the connection does after a report.
 * done:       nothing.
 * next:       looks in the store for more work of the machine.
 * refused:    as `next`; the device refused an order that was not over, which is logged.
 * close:      closes.
 * twoDevices: another start of the same command was recorded, so two devices use the key.
 */
export type ReportOutcome =
  | { kind: "done" | "next" | "refused" | "twoDevices" }
  | { kind: "close"; reason: keyof typeof LINK_CLOSE; detail: string };

const DONE: ReportOutcome = { kind: "done" };

/**
 * Records a report and then acknowledges it. Exception: a start may be granted before it is
 * recorded (`UnrecordedStart`).
 */
export function handleReport(
  context: ServiceContext,
  connection: ReportingConnection,
  frame: ReportFrame,
): Promise<ReportOutcome> {
  switch (frame.type) {
    case "started":
      return started(context, connection, frame);
    case "ended":
      return ended(context, connection, frame);
    case "closed":
      return closed(context, connection, frame);
    case "refused":
      return refused(context, connection, frame);
  }
}

async function started(
  context: ServiceContext,
  connection: ReportingConnection,
  frame: FrameOf<"started">,
): Promise<ReportOutcome> {
  const { identity, orderSentAtMs, isSealed, isValueUnconfirmed, unrecorded, seen } = connection;
  const { actionId, orderSeq, index, startId } = frame;
  const grant = { type: "startGranted", actionId, orderSeq, index, startId } as const;
  if (unrecorded.of(frame)?.report.startId === startId) {
    connection.send(grant);
    return DONE;
  }
  if (unrecorded.granted) {
    const before = await recordGranted(context, connection);
    if (before.kind !== "done") return before;
  }
  if (isSealed && !isValueUnconfirmed && unrecorded.isAllowed) {
    const stored = await mayGrantUnrecorded(context, identity, frame);
    // A newer connection may have been accepted meanwhile.
    if (stored && unrecorded.isAllowed) {
      seen.keep(stored);
      unrecorded.add({ report: frame, sentAtMs: orderSentAtMs, atMs: context.clock.nowMs() });
      connection.send(grant);
      return DONE;
    }
  }
  const recorded = await recordStarted(context, identity, frame, orderSentAtMs);
  if (recorded.kind !== "recorded") return notRecorded(recorded);
  seen.keep(recorded.action);
  // The report is not acknowledged. The device sends it again after it has confirmed its rolling
  // value.
  if (recorded.isGranted && !isValueUnconfirmed) connection.send(grant);
  return DONE;
}

/** Records the start that was granted before. */
export async function recordGranted(context: ServiceContext, connection: RecordingConnection): Promise<ReportOutcome> {
  const { identity, unrecorded, seen } = connection;
  const { granted } = unrecorded;
  if (!granted) return DONE;
  const { report, sentAtMs, atMs } = granted;
  const recorded = await recordStarted(context, identity, report, sentAtMs, atMs, seen.of(report.actionId));
  // The end of a connection records what a newer connection of the machine has made stale.
  if (recorded.kind !== "stale") unrecorded.recorded(granted);
  if (recorded.kind !== "recorded") return notRecorded(recorded);
  seen.keep(recorded.action);
  return DONE;
}

async function ended(
  context: ServiceContext,
  connection: ReportingConnection,
  frame: FrameOf<"ended">,
): Promise<ReportOutcome> {
  const { identity, deviceKey, unrecorded, seen } = connection;
  const evidence = deviceKey && (await checkSignedEnd(frame, identity.machineId, deviceKey, context.checkSignature));
  if (connection.isSealed && evidence === null) {
    return { kind: "close", reason: "protocol", detail: "the device did not sign what it reports" };
  }
  const granted = unrecorded.of(frame);
  if (!granted) {
    const before = await recordGranted(context, connection);
    if (before.kind !== "done") return before;
  }
  const { actionId, orderSeq, index } = frame;
  const known = { granted, seen: seen.of(actionId) };
  const recorded = await recordEnded(context, identity, frame, evidence, known);
  if (recorded.kind !== "stale") unrecorded.recorded(granted);
  if (recorded.kind !== "recorded") return notRecorded(recorded);
  seen.keep(recorded.action);
  connection.send({ type: "ack", actionId, orderSeq, index });
  // This end finished the machine's open action, and a machine has at most one.
  return !recorded.hasFinished && recorded.action.order?.state === "closed" ? { kind: "next" } : DONE;
}

async function closed(
  context: ServiceContext,
  connection: ReportingConnection,
  frame: FrameOf<"closed">,
): Promise<ReportOutcome> {
  const { actionId, orderSeq } = frame;
  const before = await recordGranted(context, connection);
  if (before.kind !== "done") return before;
  const recorded = await recordClosed(context, connection.identity, frame);
  // If the store does not know the order, nothing is recorded, and the device may still delete it.
  if (recorded.kind !== "stale") connection.send({ type: "forget", actionId, orderSeq });
  return { kind: "next" };
}

async function refused(
  context: ServiceContext,
  connection: ReportingConnection,
  frame: FrameOf<"refused">,
): Promise<ReportOutcome> {
  const before = await recordGranted(context, connection);
  if (before.kind !== "done") return before;
  const recorded = await recordRefused(context, connection.identity, frame);
  if (recorded.kind !== "recorded") return notRecorded(recorded);
  const isOver = isFinal(recorded.action.status) && !recorded.hasFinished;
  return { kind: isOver ? "next" : "refused" };
}

/** Either the connection ends, or the report is about an unknown order. */
function notRecorded(report: Exclude<Recorded | RecordedStart, { kind: "recorded" }>): ReportOutcome {
  switch (report.kind) {
    case "illegal":
      return { kind: "close", reason: "protocol", detail: report.detail };
    case "stale":
      return { kind: "close", reason: "replaced", detail: "a newer link was accepted" };
    case "twoDevices":
      return { kind: "twoDevices" };
    case "unknown":
      return DONE;
  }
}
