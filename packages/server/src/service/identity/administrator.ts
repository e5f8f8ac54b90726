import type { Application } from "../../store/identity/applications.ts";
import type { Store, StoreTx } from "../../store/store.ts";
import type { Actor } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { AuditedOperation } from "../audit-operations.ts";

export const hasApplications = async (store: Store): Promise<boolean> =>
  (await store.read((tx) => tx.applications.list())).length > 0;

export const hasApplication = async (store: Store, clientId: string): Promise<boolean> =>
  (await store.read((tx) => tx.applications.byClientId(clientId))) !== undefined;

/**
 * Adds an administrator and its audit record in one transaction. `mayInsert` returns additional
 * details for the record, or null when no administrator is to be added.
 */
export function addAdministrator(
  store: Store,
  actor: Actor,
  operation: AuditedOperation,
  application: Application,
  mayInsert: (tx: StoreTx, application: Application) => Promise<Record<string, unknown> | null>,
): Promise<void> {
  const { clientId, name, roles, createdAtMs } = application;
  return store.write(async (tx) => {
    const detail = await mayInsert(tx, application);
    if (detail === null) return;
    await tx.applications.insert(application);
    await auditChange(tx, actor, operation, createdAtMs, { clientId, name, roles, ...detail });
  });
}
