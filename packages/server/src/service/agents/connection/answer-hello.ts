import { isDeepStrictEqual } from "node:util";
import {
  type CancelledBy,
  type HeldOrder,
  type Hello,
  type HelloAnswer,
  ORDER_ORIGIN,
  OUTPUT_BEYOND,
  OUTPUT_COUNTS,
  type Verdict,
} from "@halligan/protocol/link";
import { isSecretKeyOf } from "@halligan/protocol/link-crypto";
import { makeRollingValue, readRollingValue } from "../../../auth/signatures/rolling-value.ts";
import { newBound, resumeBound } from "../../../domain/actions/action-bound.ts";
import { applyEvent } from "../../../domain/actions/apply-event.ts";
import { type MachineAction, waitsForStorage } from "../../../domain/actions/machine-action.ts";
import { cancelledBy } from "../../../domain/actions/order.ts";
import {
  type HelloVerdict,
  heldOrderVerdict,
  judgeOpenOrder,
  withoutDoubt,
} from "../../../domain/agents/connection-work.ts";
import {
  afterOldHello,
  type CloneEvidence,
  type HelloJudgement,
  judgeContinuity,
  type KnownContinuity,
  nextNumber,
  type RollingValue,
  withHeld,
} from "../../../domain/machines/clone-detection.ts";
import type { Machine } from "../../../domain/machines/machine.ts";
import type { StoreTx } from "../../../store/store.ts";
import { machineActor } from "../../actor.ts";
import type { ServiceContext, ServiceLimits } from "../../context.ts";
import { events } from "../../events.ts";
import { type ConnectionIdentity, currentMachine } from "./connection-identity.ts";

export type AnsweredHello =
  /** `offered`: the value that the device must confirm; null in link version 1. */
  | { kind: "answered"; answer: HelloAnswer; offered: RollingValue | null }
  /** The machine has a newer connection, or was put in quarantine. */
  | { kind: "stale" }
  | { kind: "clone"; evidence: CloneEvidence }
  | { kind: "unknownValue" }
  /** The key for secrets is not signed by this device. */
  | { kind: "badSecretKey" };

/** They change what an agent sends, so it waits until the answer has them. */
const TAKEN_FEATURES = [OUTPUT_COUNTS, OUTPUT_BEYOND];

/**
 * `deviceKey`: the Ed25519 key of this connection, raw, base64url.
 *
 * Decides whether the device is a copy. If it is not, compares the orders that it holds with those
 * that the store has out, returns a verdict for each held order, and offers the next rolling value.
 */
export async function answerHello(
  context: ServiceContext,
  connection: ConnectionIdentity,
  hello: Hello,
  deviceKey: string,
): Promise<AnsweredHello> {
  const { store, clock } = context;
  return store.write(async (tx): Promise<AnsweredHello> => {
    const machine = await currentMachine(tx, connection);
    if (!machine) return { kind: "stale" };
    const judged = judge(context, machine, hello);
    if (judged.kind !== "sameDevice") return judged;
    const secretKey = hello.secretKey ?? null;
    // Checked when it changes, which is once in the life of most devices.
    const isNewKey = secretKey !== null && !isDeepStrictEqual(secretKey, machine.secretKey);
    if (isNewKey && !isSecretKeyOf(machine.id, secretKey, deviceKey)) return { kind: "badSecretKey" };
    const offered = hello.continuity ? offer(context, machine.id, judged.continuity) : null;
    const nowMs = clock.nowMs();
    await tx.machines.save(machine, {
      ...machine,
      continuity: offered ? { ...judged.continuity, offered } : judged.continuity,
      facts: hello.facts,
      features: hello.features ?? [],
      secretKey,
      journalId: hello.journalId,
      lastSeenMs: nowMs,
      // A store that was restored from a backup continues above the order number that the device
      // has received since.
      lastOrderSeq: Math.max(machine.lastOrderSeq, hello.highestOrderSeq),
    });
    for (const action of await tx.actions.openOf(connection.machineId)) {
      await reconcile(
        tx,
        connection,
        action,
        judgeOpenOrder(action, hello, machine.lastOrderSeq),
        context.limits,
        nowMs,
      );
    }
    const orders: HelloAnswer["orders"] = [];
    for (const held of hello.orders) {
      const { actionId, orderSeq } = held;
      const { verdict, by } = await verdictOn(tx, connection.machineId, held);
      // An older agent refuses an answer with this member.
      const isNamed = verdict === "end" && by !== null && hello.features?.includes(ORDER_ORIGIN);
      orders.push({ actionId, orderSeq, verdict, ...(isNamed && { cancelledBy: by }) });
    }
    const features = TAKEN_FEATURES.filter((name) => hello.features?.includes(name));
    const answer: HelloAnswer = {
      type: "helloAnswer",
      orders,
      ...(offered && { rollingValue: offered.text }),
      // An older agent refuses an answer with a member that it does not know.
      ...(features.length > 0 && { features }),
    };
    return { kind: "answered", answer, offered };
  });
}

function judge({ keys }: ServiceContext, machine: Machine, { journalId, continuity }: Hello): HelloJudgement {
  if (!continuity) return { kind: "sameDevice", continuity: afterOldHello(machine.continuity) };
  const { processId, rollingValue } = continuity;
  const value = rollingValue === null ? null : readRollingValue(rollingValue, machine.id, keys.linkTicket.accepted);
  return judgeContinuity(machine.continuity, machine.journalId, { journalId, processId, rollingValue: value });
}

const offer = ({ ids, keys }: ServiceContext, machineId: string, known: KnownContinuity): RollingValue =>
  makeRollingValue(machineId, nextNumber(known), ids.random, keys.linkTicket.signing);

/**
 * The device has stored the value of this connection's hello answer. False when the connection is
 * not the machine's newest.
 */
export function recordConfirmation(
  { store }: ServiceContext,
  connection: ConnectionIdentity,
  kept: RollingValue,
): Promise<boolean> {
  return store.write(async (tx) => {
    const machine = await currentMachine(tx, connection);
    if (!machine) return false;
    await tx.machines.save(machine, { ...machine, continuity: withHeld(machine.continuity, kept) });
    return true;
  });
}

async function reconcile(
  tx: StoreTx,
  { machineId, remoteAddress }: ConnectionIdentity,
  action: MachineAction,
  judged: HelloVerdict,
  limits: ServiceLimits,
  nowMs: number,
): Promise<void> {
  if (judged.decision === "keep") {
    await resumeOnReconnect(tx, action, limits, nowMs);
    return;
  }
  const event =
    judged.decision === "lost"
      ? ({ type: "lost", reason: judged.reason } as const)
      : ({ type: "orderClosed", errors: [] } as const);
  const transition = applyEvent(action, event, nowMs);
  if (transition.kind !== "changed") return;
  const saved = await tx.actions.save(action, transition.action);
  if (judged.decision === "lost") await events.ended(tx, machineActor(machineId, remoteAddress), saved, nowMs);
}

/**
 * The device is back, so its running actions have no deadline for a lost device. They take a
 * session slot again if they had lost it.
 */
async function resumeOnReconnect(
  tx: StoreTx,
  action: MachineAction,
  limits: ServiceLimits,
  nowMs: number,
): Promise<void> {
  const known = withoutDoubt(action);
  const { bound, slot, deadlineMs } = known;
  const isCurrent = bound && deadlineMs === null && slot.held && slot.untilMs === null;
  if (known.status !== "InProgress" || isCurrent) {
    if (known !== action) await tx.actions.save(action, known);
    return;
  }
  await tx.actions.save(action, {
    ...known,
    deadlineMs: null,
    slot: { held: true, untilMs: null },
    // A row of the previous release has no bound.
    bound: !bound ? newBound(known, limits, null, nowMs) : waitsForStorage(known) ? bound : resumeBound(bound, nowMs),
  });
}

/** `by`: who cancelled it, if a caller did. */
async function verdictOn(
  tx: StoreTx,
  machineId: string,
  held: HeldOrder,
): Promise<{ verdict: Verdict; by: CancelledBy | null }> {
  const found = await tx.actions.byId(held.actionId);
  const known = found?.machineId === machineId ? found : undefined;
  const { verdict, reopened } = heldOrderVerdict(held, known);
  if (known && reopened) await tx.actions.save(known, reopened);
  return { verdict, by: known ? cancelledBy(known) : null };
}
