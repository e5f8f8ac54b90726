import {
  type HandshakeAnswer,
  type HeldOrder,
  type Hello,
  type HelloAnswer,
  handshakeSigningBytes,
  type Verdict,
} from "@halligan/protocol/link";
import { verifyEd25519 } from "../../auth/signatures/ed25519.ts";
import { makeRollingValue, readRollingValue } from "../../auth/signatures/rolling-value.ts";
import { newBound, pauseBound, resumeBound } from "../../domain/actions/action-bound.ts";
import { applyEvent } from "../../domain/actions/apply-event.ts";
import { type MachineAction, waitsForStorage, withSent } from "../../domain/actions/machine-action.ts";
import { slotWhenDisconnected } from "../../domain/actions/session-slots.ts";
import { type HelloVerdict, heldOrderVerdict, judgeOpenOrder } from "../../domain/agents/connection-work.ts";
import {
  afterOldHello,
  type CloneEvidence,
  type HelloJudgement,
  judgeContinuity,
  type KnownContinuity,
  nextNumber,
  type RollingValue,
  withHeld,
} from "../../domain/machines/clone-detection.ts";
import type { Machine, MachineConnection } from "../../domain/machines/machine.ts";
import type { StoreTx } from "../../store/store.ts";
import { machineActor } from "../actor.ts";
import type { ServiceContext, ServiceLimits } from "../context.ts";
import { events } from "../events.ts";

/** One accepted connection. All that it does carries these two values. */
export interface ConnectionIdentity {
  machineId: string;
  connectionEpoch: number;
  /** The address of the device, for the audit log. */
  remoteAddress?: string;
}

/** Distinguishes devices with one key, if both send it. `processId`: null in link version 1. */
export interface DeviceMarks {
  journalId: string | null;
  processId: string | null;
}

/**
 * `leftNode`: the marks of the device that was connected to another node a moment ago; null when
 * there was none.
 */
export type AcceptedConnection = ConnectionIdentity & {
  kind: "accepted";
  leftNode: DeviceMarks | null;
  /** The key that signed the answer: raw, base64url. */
  deviceKey: string;
};
export type RefusedConnection = {
  kind: "refused";
  reason:
    | "unknownServerKey"
    | "unknownMachine"
    | "badSignature"
    | "quarantined"
    | "quarantinedByHand"
    | "retired"
    | "machineRate"
    | "noRoom";
};

/**
 * Checks the device's answer to the challenge and gives the connection its epoch. From then on
 * reports of an older connection of the machine are refused. An unknown
 * machine and a bad signature look the same to the device; only the log shows the difference.
 */
export async function acceptConnection(
  { store, clock, keys, node }: ServiceContext,
  challenge: Uint8Array,
  answer: HandshakeAnswer,
  remoteAddress: string,
  admit: (machineId: string) => "machineRate" | "noRoom" | null = () => null,
): Promise<AcceptedConnection | RefusedConnection> {
  if (!keys.order.accepted.some(({ keyId }) => keyId === answer.serverKeyId))
    return { kind: "refused", reason: "unknownServerKey" };
  const { machineId } = answer;
  const publicKeys = await store.read((tx) => tx.machines.keysOf(machineId, clock.nowMs()));
  if (publicKeys.length === 0) return { kind: "refused", reason: "unknownMachine" };
  const signed = handshakeSigningBytes(challenge, answer);
  const deviceKey = publicKeys.find((key) => verifyEd25519(key, signed, answer.signature));
  if (deviceKey === undefined) return { kind: "refused", reason: "badSignature" };
  // Checked after the signature, so that a false machine id cannot use up a machine's budget.
  // Checked before the write, which costs most.
  const refusal = admit(machineId);
  if (refusal) return { kind: "refused", reason: refusal };
  return store.write(async (tx): Promise<AcceptedConnection | RefusedConnection> => {
    const machine = await tx.machines.byId(machineId);
    if (!machine) return { kind: "refused", reason: "unknownMachine" };
    if (machine.retirement) return { kind: "refused", reason: "retired" };
    if (machine.quarantined) {
      return { kind: "refused", reason: machine.quarantineReason === null ? "quarantined" : "quarantinedByHand" };
    }
    const connectionEpoch = machine.connectionEpoch + 1;
    await tx.machines.save(machine, {
      ...machine,
      connectionEpoch,
      linked: true,
      nodeId: node.id,
      lastSeenMs: clock.nowMs(),
      lastExternalIp: remoteAddress,
    });
    const wasElsewhere = machine.linked && machine.nodeId !== node.id;
    const marks: DeviceMarks = { journalId: machine.journalId, processId: machine.continuity.processId };
    return { kind: "accepted", machineId, connectionEpoch, leftNode: wasElsewhere ? marks : null, deviceKey };
  });
}

export type AnsweredHello =
  /** `offered`: the value that the device must confirm; null in link version 1. */
  | { kind: "answered"; answer: HelloAnswer; offered: RollingValue | null }
  /** The machine has a newer connection, or was put in quarantine. */
  | { kind: "stale" }
  | { kind: "clone"; evidence: CloneEvidence }
  | { kind: "unknownValue" };

/**
 * Decides whether the device is a copy. If it is not, compares the orders that it holds with those
 * that the store has out, returns a verdict for each held order, and offers the next rolling value.
 */
export async function answerHello(
  context: ServiceContext,
  connection: ConnectionIdentity,
  hello: Hello,
): Promise<AnsweredHello> {
  const { store, clock } = context;
  return store.write(async (tx): Promise<AnsweredHello> => {
    const machine = await currentMachine(tx, connection);
    if (!machine) return { kind: "stale" };
    const judged = judge(context, machine, hello);
    if (judged.kind !== "sameDevice") return judged;
    const offered = hello.continuity ? offer(context, machine.id, judged.continuity) : null;
    const nowMs = clock.nowMs();
    await tx.machines.save(machine, {
      ...machine,
      continuity: offered ? { ...judged.continuity, offered } : judged.continuity,
      facts: hello.facts,
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
      orders.push({ actionId, orderSeq, verdict: await verdictOn(tx, connection.machineId, held) });
    }
    const answer: HelloAnswer = { type: "helloAnswer", orders, ...(offered && { rollingValue: offered.text }) };
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
export function recordKept(
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
  if ("code" in transition || !transition.changed) return;
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
  if (action.status !== "InProgress") return;
  const { bound } = action;
  if (bound && action.deadlineMs === null && action.slot.held && action.slot.untilMs === null) return;
  await tx.actions.save(action, {
    ...action,
    deadlineMs: null,
    slot: { held: true, untilMs: null },
    // A row of the previous release has no bound.
    bound: !bound
      ? newBound(action.commands, limits, null, nowMs)
      : waitsForStorage(action)
        ? bound
        : resumeBound(bound, nowMs),
  });
}

async function verdictOn(tx: StoreTx, machineId: string, held: HeldOrder): Promise<Verdict> {
  const known = await tx.actions.byId(held.actionId);
  const { verdict, reopened } = heldOrderVerdict(held, known?.machineId === machineId ? known : undefined);
  if (known && reopened) await tx.actions.save(known, reopened);
  return verdict;
}

/** The order that a connection sent last, and when it first sent it. */
export interface SentOrder {
  orderSeq: number;
  atMs: number;
}

/**
 * The connection has closed. If it was the machine's last one, the machine is away from now on and
 * its running actions get a deadline.
 */
export async function recordDisconnect(
  { store, clock, limits }: ServiceContext,
  connection: ConnectionIdentity,
  sent: SentOrder | null = null,
): Promise<void> {
  await store.write(async (tx) => {
    const machine = await currentMachine(tx, connection);
    if (machine) await markAway(tx, machine, clock.nowMs(), limits, sent);
  });
}

/** A node stopped without closing its connections. Marks all of them as closed. May be repeated. */
export async function reapConnectionsOf({ store, clock, limits }: ServiceContext, nodeId: string): Promise<void> {
  for (;;) {
    const machineIds = await store.read((tx) => tx.machines.connectedTo(nodeId, REAP_AT_ONCE));
    await store.write(async (tx) => {
      for (const machineId of machineIds) {
        const machine = await tx.machines.byId(machineId);
        // The machine may have connected to another node since.
        if (machine?.linked && machine.nodeId === nodeId) await markAway(tx, machine, clock.nowMs(), limits);
      }
    });
    if (machineIds.length < REAP_AT_ONCE) return;
  }
}

/** When a server that is alone on its store starts, no machine is connected. */
export async function reapAllConnections(context: ServiceContext): Promise<void> {
  for (const nodeId of await context.store.read((tx) => tx.machines.nodesWithConnections())) {
    await reapConnectionsOf(context, nodeId);
  }
}

/** Processes several machines in one transaction, which locks their rows until it ends. */
const REAP_AT_ONCE = 100;

async function markAway(
  tx: StoreTx,
  machine: Machine,
  nowMs: number,
  limits: ServiceLimits,
  sent: SentOrder | null = null,
): Promise<void> {
  await tx.machines.save(machine, { ...machine, linked: false, lastSeenMs: nowMs });
  const action = await tx.actions.unfinishedOf(machine.id);
  if (!action) return;
  const isRunning = action.status === "InProgress";
  await tx.actions.save(action, {
    ...withSent(action, sent?.orderSeq === action.order?.orderSeq ? (sent?.atMs ?? null) : null),
    slot: slotWhenDisconnected(action.slot, isRunning, nowMs, limits.sessionPlaceGraceMs),
    bound: pauseBound(action.bound, isRunning ? nowMs + limits.sessionPlaceGraceMs : nowMs),
    deadlineMs: isRunning ? (action.deadlineMs ?? nowMs + limits.lostMachineTimeoutMs) : action.deadlineMs,
  });
}

/**
 * The facts about the machine that a connection needs to find work. Undefined unless `connection`
 * is its newest connection.
 */
export async function currentConnection(
  tx: StoreTx,
  connection: ConnectionIdentity,
): Promise<MachineConnection | undefined> {
  const machine = await tx.machines.connectionOf(connection.machineId);
  return machine?.connectionEpoch === connection.connectionEpoch ? machine : undefined;
}

/** The machine, if `connection` is its newest connection. */
async function currentMachine(tx: StoreTx, connection: ConnectionIdentity): Promise<Machine | undefined> {
  const machine = await tx.machines.byId(connection.machineId);
  return machine?.connectionEpoch === connection.connectionEpoch ? machine : undefined;
}
