import type { Machine, MachineConnection } from "../../../domain/machines/machine.ts";
import type { StoreTx } from "../../../store/store.ts";

/** One accepted connection. All that it does carries these two values. */
export interface ConnectionIdentity {
  machineId: string;
  connectionEpoch: number;
  /** The address of the device, for the audit log. */
  remoteAddress?: string;
}

/** Distinguishes devices with one key, if both send it. `processId`: null in link version 1. */
export interface DeviceInstance {
  journalId: string | null;
  processId: string | null;
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
export async function currentMachine(tx: StoreTx, connection: ConnectionIdentity): Promise<Machine | undefined> {
  const machine = await tx.machines.byId(connection.machineId);
  return machine?.connectionEpoch === connection.connectionEpoch ? machine : undefined;
}
