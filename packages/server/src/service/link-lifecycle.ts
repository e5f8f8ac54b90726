import {
  type HandshakeAnswer,
  type HeldOrder,
  type Hello,
  type HelloAnswer,
  handshakeSigningBytes,
  type Verdict,
} from "@halligan/protocol/link";
import { verifyEd25519 } from "../auth/ed25519.ts";
import { heldOrderVerdict, judgeOpenOrder } from "../domain/link-work.ts";
import type { Machine } from "../domain/machine.ts";
import { applyEvent, type MachineAction } from "../domain/machine-action.ts";
import { placeWhenAway } from "../domain/session-places.ts";
import type { StoreTx } from "../store/store.ts";
import type { ServiceContext, ServiceLimits } from "./context.ts";
import { events, machineActor } from "./events.ts";

/** One accepted link: everything it does carries these two. */
export interface LinkIdentity {
  machineId: string;
  linkEpoch: number;
}

export type AcceptedLink = LinkIdentity & { kind: "accepted" };
export type RefusedLink = {
  kind: "refused";
  reason: "unknownServerKey" | "unknownMachine" | "badSignature" | "quarantined";
};

/**
 * Checks the device's answer to the challenge and gives the link its epoch. From then on reports of an older link of the same
 * machine lose. Unknown machine and bad signature differ only in the log.
 */
export async function acceptLink(
  { store, clock, keys }: ServiceContext,
  challenge: Uint8Array,
  answer: HandshakeAnswer,
  remoteAddress: string,
): Promise<AcceptedLink | RefusedLink> {
  if (answer.serverKeyId !== keys.order.keyId) return { kind: "refused", reason: "unknownServerKey" };
  const { machineId } = answer;
  const publicKeys = await store.read((tx) => tx.machines.keysOf(machineId, clock.nowMs()));
  if (publicKeys.length === 0) return { kind: "refused", reason: "unknownMachine" };
  const signed = handshakeSigningBytes(challenge, answer);
  if (!publicKeys.some((key) => verifyEd25519(key, signed, answer.signature))) {
    return { kind: "refused", reason: "badSignature" };
  }
  return store.write(async (tx): Promise<AcceptedLink | RefusedLink> => {
    const machine = await tx.machines.byId(machineId);
    if (!machine) return { kind: "refused", reason: "unknownMachine" };
    if (machine.quarantined) return { kind: "refused", reason: "quarantined" };
    const linkEpoch = machine.linkEpoch + 1;
    await tx.machines.save({
      ...machine,
      linkEpoch,
      linked: true,
      lastSeenMs: clock.nowMs(),
      lastExternalIp: remoteAddress,
    });
    return { kind: "accepted", machineId, linkEpoch };
  });
}

/** Compares what the device holds with what the store has out, and says about each held order what becomes of it. */
export async function answerHello(
  { store, clock }: ServiceContext,
  link: LinkIdentity,
  hello: Hello,
): Promise<HelloAnswer | null> {
  return store.write(async (tx) => {
    const machine = await currentMachine(tx, link);
    if (!machine) return null;
    const nowMs = clock.nowMs();
    await tx.machines.save({ ...machine, facts: hello.facts, journalId: hello.journalId, lastSeenMs: nowMs });
    for (const action of await tx.actions.openOf(link.machineId)) {
      await reconcile(tx, action, hello, nowMs);
    }
    const orders: HelloAnswer["orders"] = [];
    for (const held of hello.orders) {
      const { actionId, orderSeq } = held;
      orders.push({ actionId, orderSeq, verdict: await verdictOn(tx, link.machineId, held) });
    }
    return { type: "helloAnswer", orders };
  });
}

async function reconcile(tx: StoreTx, action: MachineAction, hello: Hello, nowMs: number): Promise<void> {
  const judged = judgeOpenOrder(action, hello);
  if (judged.decision === "keep") {
    await backOnALink(tx, action);
    return;
  }
  const event =
    judged.decision === "lost"
      ? ({ type: "lost", reason: judged.reason } as const)
      : ({ type: "orderClosed", errors: [] } as const);
  const transition = applyEvent(action, event, nowMs);
  if ("code" in transition || !transition.changed) return;
  const saved = await tx.actions.save(transition.action);
  if (judged.decision === "lost") await events.ended(tx, machineActor(action.machineId), saved, nowMs);
}

/** What runs has no clock of a lost device any more, and its place, which it may have lost meanwhile, is its own again. */
async function backOnALink(tx: StoreTx, action: MachineAction): Promise<void> {
  if (action.status !== "InProgress") return;
  if (action.deadlineMs === null && action.place.held && action.place.untilMs === null) return;
  await tx.actions.save({ ...action, deadlineMs: null, place: { held: true, untilMs: null } });
}

async function verdictOn(tx: StoreTx, machineId: string, held: HeldOrder): Promise<Verdict> {
  const known = await tx.actions.byId(held.actionId);
  const { verdict, reopened } = heldOrderVerdict(held, known?.machineId === machineId ? known : undefined);
  if (reopened) await tx.actions.save(reopened);
  return verdict;
}

/** The link is gone. If it was the machine's last one, the machine is away from now on and running actions get a deadline. */
export async function closeLink({ store, clock, limits }: ServiceContext, link: LinkIdentity): Promise<void> {
  await store.write(async (tx) => {
    const machine = await currentMachine(tx, link);
    if (machine) await markAway(tx, machine, clock.nowMs(), limits);
  });
}

/** At the start of the server nobody is linked, whatever a crash left in the store. */
export async function forgetLinks({ store, clock, limits }: ServiceContext): Promise<void> {
  await store.write(async (tx) => {
    for (const machine of await tx.machines.linked()) {
      await markAway(tx, machine, clock.nowMs(), limits);
    }
  });
}

async function markAway(tx: StoreTx, machine: Machine, nowMs: number, limits: ServiceLimits): Promise<void> {
  await tx.machines.save({ ...machine, linked: false, lastSeenMs: nowMs });
  const action = await tx.actions.unfinishedOf(machine.id);
  if (!action) return;
  const isRunning = action.status === "InProgress";
  await tx.actions.save({
    ...action,
    place: placeWhenAway(action.place, isRunning, nowMs, limits.sessionPlaceGraceMs),
    deadlineMs: isRunning ? (action.deadlineMs ?? nowMs + limits.lostMachineTimeoutMs) : action.deadlineMs,
  });
}

/** The machine, when `link` is its newest one. */
export async function currentMachine(tx: StoreTx, link: LinkIdentity): Promise<Machine | undefined> {
  const machine = await tx.machines.byId(link.machineId);
  return machine?.linkEpoch === link.linkEpoch ? machine : undefined;
}
