import { pauseBound } from "../../../domain/actions/action-bound.ts";
import { type MachineAction, withSent } from "../../../domain/actions/machine-action.ts";
import { slotWhenDisconnected } from "../../../domain/actions/session-slots.ts";
import { withoutDoubt, withStartInDoubt } from "../../../domain/agents/connection-work.ts";
import type { Machine } from "../../../domain/machines/machine.ts";
import type { StoreTx } from "../../../store/store.ts";
import type { ServiceContext, ServiceLimits } from "../../context.ts";
import { type ConnectionIdentity, currentMachine } from "./connection-identity.ts";
import { applyStart, type GrantedStart } from "./granted-start.ts";

/** The order that a connection sent last, and when it first sent it. */
export interface SentOrder {
  orderSeq: number;
  atMs: number;
}

/** What a connection that sent orders knows at its end. */
export interface ExchangeEnd {
  sent: SentOrder | null;
  /** Granted and not recorded; recorded in the same commit. */
  granted: GrantedStart | null;
}

export interface ConnectionEnd extends ExchangeEnd {
  /** How long the device had sent nothing, in milliseconds. It was last seen before that. */
  silentMs: number;
}

const NOTHING_SENT: ConnectionEnd = { sent: null, granted: null, silentMs: 0 };

/**
 * The connection has closed. If it was the machine's last one, the machine is offline from now on
 * and its running actions get a deadline. If the machine has a newer connection, or was retired,
 * the start that this one granted is recorded all the same, because it happened on the device.
 */
export async function recordDisconnect(
  { store, clock, limits }: ServiceContext,
  connection: ConnectionIdentity,
  known: Partial<ConnectionEnd> = {},
): Promise<void> {
  const end: ConnectionEnd = { ...NOTHING_SENT, ...known };
  await store.write(async (tx) => {
    const machine = await currentMachine(tx, connection);
    if (machine) return markAway(tx, machine, clock.nowMs(), limits, end);
    const { granted } = end;
    const action = await (granted
      ? tx.actions.byId(granted.report.actionId)
      : tx.actions.unfinishedOf(connection.machineId));
    if (action?.order?.connectionEpoch !== connection.connectionEpoch) return;
    const settled = withoutDoubt(withGranted(action, granted));
    if (settled !== action) await tx.actions.save(action, settled);
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
        if (machine?.linked && machine.nodeId === nodeId) await markAway(tx, machine, clock.nowMs(), limits, null);
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

/** @param end null if the connection's node has stopped and recorded nothing of its end */
async function markAway(
  tx: StoreTx,
  machine: Machine,
  nowMs: number,
  limits: ServiceLimits,
  end: ConnectionEnd | null,
): Promise<void> {
  const lastSeenMs = Math.max(machine.lastSeenMs, nowMs - (end?.silentMs ?? 0));
  await tx.machines.save(machine, { ...machine, linked: false, lastSeenMs });
  const action = await tx.actions.unfinishedOf(machine.id);
  if (!action) return;
  const known = end ? withGranted(action, end.granted) : withStartInDoubt(action, machine.continuity.processId);
  const isRunning = known.status === "InProgress";
  await tx.actions.save(action, {
    ...withSent(known, end?.sent?.orderSeq === action.order?.orderSeq ? (end?.sent?.atMs ?? null) : null),
    slot: slotWhenDisconnected(known.slot, isRunning, nowMs, limits.sessionPlaceGraceMs),
    bound: pauseBound(known.bound, isRunning ? nowMs + limits.sessionPlaceGraceMs : nowMs),
    deadlineMs: isRunning ? (known.deadlineMs ?? nowMs + limits.lostMachineTimeoutMs) : known.deadlineMs,
  });
}

function withGranted(action: MachineAction, granted: GrantedStart | null): MachineAction {
  if (granted?.report.actionId !== action.id) return action;
  const start = applyStart(action, granted);
  return start.kind === "changed" ? start.action : action;
}
