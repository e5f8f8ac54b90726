import type { ServiceContext } from "../../context.ts";
import type { ConnectionIdentity } from "./connection-identity.ts";

/** What a node reads about the machines that are connected to it. */

type Context = Pick<ServiceContext, "store" | "node" | "clock">;

export const machinesToSend = ({ store, node, clock }: Context, limit: number): Promise<string[]> =>
  store.read((tx) => tx.actions.connectedMachinesToSend(node.id, clock.nowMs(), limit));

export const machinesWithWork = ({ store, node, clock }: Context, limit: number): Promise<string[]> =>
  store.read((tx) => tx.actions.connectedMachinesWithWork(node.id, clock.nowMs(), limit));

export const machinesRetiredSince = ({ store }: Context, sinceMs: number, limit: number): Promise<string[]> =>
  store.read((tx) => tx.machines.retiredSince(sinceMs, limit));

/** True when a newer connection of the machine was accepted, on this node or another one. */
export async function hasNewerConnection(
  { store }: Context,
  { machineId, connectionEpoch }: ConnectionIdentity,
): Promise<boolean> {
  const machine = await store.read((tx) => tx.machines.connectionOf(machineId));
  return machine !== undefined && machine.connectionEpoch > connectionEpoch;
}
