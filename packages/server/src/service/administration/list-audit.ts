import type { Caller } from "../../auth/caller.ts";
import type { AuditFilter, AuditPage } from "../../store/administration/audit.ts";
import { recordedNames } from "../audit-operations.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

/**
 * `GET /halligan/v1/audit`: newest first. Users see only the records of machines that they reach.
 */
export function listAudit(
  { store }: ServiceContext,
  caller: Caller,
  { operation, ...filter }: Omit<AuditFilter, "operations"> & { operation: string | null },
): Promise<AuditPage> {
  const operations = operation === null ? null : recordedNames(operation);
  return store.read(async (tx) => tx.audit.list({ ...filter, operations }, await scopeOf(tx, caller)));
}
