import type { AgentFrame, LINK_CLOSE, ServerFrame } from "@halligan/protocol/link";
import type { DeviceKey } from "../../auth/signatures/device-key.ts";
import { checkSignedEnd } from "../../auth/signatures/signed-end.ts";
import { isFinal } from "../../domain/actions/machine-action.ts";
import type { LinkIdentity } from "../../service/agents/link-lifecycle.ts";
import {
  type Recorded,
  type RecordedStart,
  recordClosed,
  recordEnded,
  recordRefused,
  recordStarted,
} from "../../service/agents/machine-reports.ts";
import type { ServiceContext } from "../../service/context.ts";

export type ReportFrame = Extract<AgentFrame, { type: "started" | "ended" | "closed" | "refused" }>;
type FrameOf<T extends ReportFrame["type"]> = Extract<ReportFrame, { type: T }>;

/** What a report needs to know of the connection that it came on. */
export interface ReportingLink {
  identity: LinkIdentity;
  /** That signs the ends. */
  deviceKey: DeviceKey | null;
  /** From link version 2 on, where each end has to be signed. */
  isSealed: boolean;
  /** The device has not confirmed the rolling value of this connection: no start is granted before. */
  isValueUnkept: boolean;
  /** When the order was sent on this connection, if it was. */
  orderSentAtMs: number | null;
  send(frame: ServerFrame): void;
}

/**
 * What the connection has to do.
 * done:       nothing more.
 * next:       the store may have something else for the machine.
 * refused:    the same; the device refused an order that was not over, which is worth a log line.
 * close:      the connection ends.
 * twoDevices: another start of the same command was recorded.
 */
export type ReportOutcome =
  | { kind: "done" | "next" | "refused" | "twoDevices" }
  | { kind: "close"; reason: keyof typeof LINK_CLOSE; detail: string };

const DONE: ReportOutcome = { kind: "done" };

/** Records a report and then acknowledges it. */
export function takeReport(context: ServiceContext, link: ReportingLink, frame: ReportFrame): Promise<ReportOutcome> {
  switch (frame.type) {
    case "started":
      return started(context, link, frame);
    case "ended":
      return ended(context, link, frame);
    case "closed":
      return closed(context, link, frame);
    case "refused":
      return refused(context, link, frame);
  }
}

async function started(
  context: ServiceContext,
  link: ReportingLink,
  frame: FrameOf<"started">,
): Promise<ReportOutcome> {
  const recorded = await recordStarted(context, link.identity, frame, link.orderSentAtMs);
  if (recorded.kind !== "recorded") return notRecorded(recorded);
  const { actionId, orderSeq, index, startId } = frame;
  // The device reports it again once it has confirmed its rolling value.
  if (recorded.isGranted && !link.isValueUnkept) {
    link.send({ type: "startGranted", actionId, orderSeq, index, startId });
  }
  return DONE;
}

async function ended(context: ServiceContext, link: ReportingLink, frame: FrameOf<"ended">): Promise<ReportOutcome> {
  const { identity, deviceKey } = link;
  const evidence = deviceKey && (await checkSignedEnd(frame, identity.machineId, deviceKey, context.checkSignature));
  if (link.isSealed && evidence === null) {
    return { kind: "close", reason: "protocol", detail: "the device did not sign what it reports" };
  }
  const recorded = await recordEnded(context, identity, frame, evidence);
  if (recorded.kind !== "recorded") return notRecorded(recorded);
  const { actionId, orderSeq, index } = frame;
  link.send({ type: "ack", actionId, orderSeq, index });
  // The action that this end finished was the machine's open one, so there is no other to look for.
  return !recorded.hasFinished && recorded.action.order?.state === "closed" ? { kind: "next" } : DONE;
}

async function closed(context: ServiceContext, link: ReportingLink, frame: FrameOf<"closed">): Promise<ReportOutcome> {
  const { actionId, orderSeq } = frame;
  const recorded = await recordClosed(context, link.identity, frame);
  // An order that the store does not know was ended too, and nothing of it is wanted.
  if (recorded.kind !== "stale") link.send({ type: "forget", actionId, orderSeq });
  return { kind: "next" };
}

async function refused(
  context: ServiceContext,
  link: ReportingLink,
  frame: FrameOf<"refused">,
): Promise<ReportOutcome> {
  const recorded = await recordRefused(context, link.identity, frame);
  if (recorded.kind !== "recorded") return notRecorded(recorded);
  const isOver = isFinal(recorded.action.status) && !recorded.hasFinished;
  return { kind: isOver ? "next" : "refused" };
}

/** The connection ends, or the report is about an order of which nothing is known here. */
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
