import { AuditListWire, type AuditRecordWire } from "../../api/index.ts";
import type { CallOptions } from "../options.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * Which audit records to return. A record must match every property that is given.
 *
 * @example
 * ```ts
 * const options: AuditOptions = { operation: "RunLiveResponse", limit: 50 };
 * for (const record of await client.listAudit(options)) console.log(record.at, record.actor);
 * ```
 */
export interface AuditOptions extends CallOptions {
  machineId?: string | undefined;
  actionId?: string | undefined;
  actorId?: string | undefined;
  operation?: string | undefined;
  /** Most records to return, over all pages. Default 200. */
  limit?: number | undefined;
}

/**
 * The audit log.
 *
 * @example
 * ```ts
 * const [newest] = await client.listAudit({ limit: 1 });
 * console.log(newest?.operation);
 * ```
 */
export interface AuditOperations {
  /** Newest first. */
  listAudit(options?: AuditOptions): Promise<AuditRecordWire[]>;
}

export function auditOperations(transport: Transport): AuditOperations {
  return {
    async listAudit({ limit = 200, signal, ...filters } = {}) {
      const query = new URLSearchParams({ top: String(Math.min(limit, MAX_RECORDS_AT_ONCE)) });
      for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value);
      const all: AuditRecordWire[] = [];
      let next: string | null = `/halligan/v1/audit?${query}`;
      while (next !== null && all.length < limit) {
        const page: AuditListWire = await transport.sendForJson({ method: "GET", path: next, signal }, AuditListWire);
        all.push(...page.value);
        next = page.value.length === 0 ? null : page.nextLink;
      }
      return all.slice(0, limit);
    },
  };
}

const MAX_RECORDS_AT_ONCE = 1_000;
