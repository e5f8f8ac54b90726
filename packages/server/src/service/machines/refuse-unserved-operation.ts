import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { machineInScope } from "../machine-scope.ts";

/**
 * Operations of Defender other than live response. An unknown machine gives 404 first, because
 * connection tests of real clients expect exactly that. For a known machine the response names the
 * operation that is not supported (docs/contract/clients-in-the-wild.md#paths).
 */
export async function refuseUnservedOperation(
  { store }: ServiceContext,
  caller: Caller,
  machineId: string,
  operation: string,
): Promise<DomainError> {
  const machine = await store.read((tx) => machineInScope(tx, caller, machineId));
  return machine ? { code: "OperationNotServed", operation, machineId } : { code: "MachineNotFound", machineId };
}
