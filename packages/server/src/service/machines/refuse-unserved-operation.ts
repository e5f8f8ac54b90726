import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { reachableMachine } from "../reach.ts";

/**
 * Operations of Defender that are not live response: an unknown machine is 404 first, because
 * connection tests of real clients ask for exactly that; a known one is told by name what is not
 * served. docs/contract/clients-in-the-wild.md#paths.
 */
export async function refuseUnservedOperation(
  { store }: ServiceContext,
  caller: Caller,
  machineId: string,
  operation: string,
): Promise<DomainError> {
  const machine = await store.read((tx) => reachableMachine(tx, caller, machineId));
  return machine ? { code: "OperationNotServed", operation, machineId } : { code: "MachineNotFound", machineId };
}
