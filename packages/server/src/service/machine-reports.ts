import { createHash } from "node:crypto";
import type { Closed, CommandResult, Ended, Refused, Started } from "@halligan/protocol/link";
import type { StoredResult } from "../domain/command.ts";
import { applyEvent, isFinal, type MachineAction, type MachineActionEvent } from "../domain/machine-action.ts";
import type { StoreTx } from "../store/store.ts";
import type { ServiceContext } from "./context.ts";
import { events, machineActor } from "./events.ts";
import { currentMachine, type LinkIdentity } from "./link-lifecycle.ts";
import { resultIdOf } from "./receive-result.ts";
import { wakeForFreePlace } from "./wake-for-free-place.ts";

/**
 * What a report led to.
 * recorded: durable, and may be acknowledged (a repeated report as well).
 * stale:    from a link that is not the machine's newest, or about an order that was closed: not recorded, not acknowledged.
 * illegal:  nothing an honest device sends: the link is closed.
 */
export type Recorded =
  | { kind: "recorded"; action: MachineAction }
  | { kind: "stale" }
  | { kind: "illegal"; detail: string };

type Report = Pick<Started, "actionId" | "orderSeq">;

export function recordStarted(context: ServiceContext, link: LinkIdentity, report: Started): Promise<Recorded> {
  return record(context, link, report, async () => ({ type: "started", index: report.index }));
}

/** The end of a command and its result, in one commit. Whatever is acknowledged after it can be downloaded. */
export function recordEnded(context: ServiceContext, link: LinkIdentity, report: Ended): Promise<Recorded> {
  return record(context, link, report, async (tx, action) => {
    const command = action.commands[report.index];
    const seenBefore = command?.status === "Completed" || command?.status === "Failed";
    const result = seenBefore ? command.result : await storeResult(tx, action, report);
    if (result === "unknownUpload") return { code: "the end names an upload that was not completed" };
    return { type: "ended", index: report.index, outcome: report.outcome, errors: report.errors, result };
  });
}

export function recordClosed(context: ServiceContext, link: LinkIdentity, report: Closed): Promise<Recorded> {
  return record(context, link, report, async () => ({ type: "orderClosed", errors: report.errors }));
}

/** `busy` and `late` come right by sending the order again; every other refusal ends the action, saying why. */
export async function recordRefused(context: ServiceContext, link: LinkIdentity, report: Refused): Promise<Recorded> {
  return record(context, link, report, async (tx, action) => {
    if (report.code === "busy" || report.code === "late") return null;
    // A device may say so as often as it likes; only what ends an action is worth a record.
    if (!isFinal(action.status)) await events.orderRefused(tx, action, report.code, context.clock.nowMs());
    return { type: "lost", reason: `The device refused the order (${report.code}): ${report.message}` };
  });
}

type Decision = MachineActionEvent | { code: string } | null;

async function record(
  context: ServiceContext,
  link: LinkIdentity,
  report: Report,
  decide: (tx: StoreTx, action: MachineAction) => Promise<Decision>,
): Promise<Recorded> {
  const { store, clock } = context;
  const recorded = await store.write(async (tx): Promise<Recorded & { ended?: boolean }> => {
    if (!(await currentMachine(tx, link))) return { kind: "stale" };
    const action = await tx.actions.byId(report.actionId);
    if (action?.machineId !== link.machineId || action.order?.orderSeq !== report.orderSeq) {
      return { kind: "illegal", detail: "a report about an order that this machine was never given" };
    }
    const event = await decide(tx, action);
    if (event === null) return { kind: "recorded", action };
    if ("code" in event) return { kind: "illegal", detail: event.code };
    const nowMs = clock.nowMs();
    const transition = applyEvent(action, event, nowMs);
    if ("code" in transition) return { kind: "illegal", detail: transition.detail };
    if (!transition.changed) return { kind: "recorded", action };
    const saved = await tx.actions.save(transition.action);
    const ended = isFinal(saved.status) && !isFinal(action.status);
    if (ended) await events.ended(tx, machineActor(link.machineId), saved, nowMs);
    return { kind: "recorded", action: saved, ended };
  });
  if (recorded.ended) await wakeForFreePlace(context);
  return recorded;
}

async function storeResult(
  tx: StoreTx,
  action: MachineAction,
  report: Ended,
): Promise<StoredResult | null | "unknownUpload"> {
  const result: CommandResult | null = report.result;
  if (result === null) return null;
  if (result.kind === "inline") {
    const content = Buffer.from(result.transcript, "utf8");
    await tx.results.insertInline(action.id, report.index, content);
    return { kind: "inline", sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
  }
  const resultId = resultIdOf(action.machineId, action.id, report.index, result.uploadId);
  const upload = await tx.results.upload(resultId);
  if (upload?.sha256 !== result.sha256 || upload.sizeBytes !== result.sizeBytes) return "unknownUpload";
  return { kind: "blob", resultId, sizeBytes: upload.sizeBytes, sha256: upload.sha256 };
}
