import { AuditListWire, type AuditRecordWire } from "../../api/index.ts";
import { UnexpectedResponseError } from "../errors.ts";
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
 * Where an export of the audit log continues, and how many records one part has at most.
 *
 * @example
 * ```ts
 * const options: AuditExportOptions = { after: 0, operation: "RunLiveResponse" };
 * const { records, nextAfter } = await client.exportAudit(options);
 * console.log(records.length, nextAfter);
 * ```
 */
export interface AuditExportOptions extends AuditOptions {
  /** `nextAfter` of the part before; 0 for the first one. */
  after: number;
}

/**
 * One part of an export.
 *
 * @example
 * ```ts
 * const isLast = ({ records, isMoreReady }: AuditExport) => records.length === 0 && !isMoreReady;
 * console.log(isLast(await client.exportAudit({ after: 0 })));
 * ```
 */
export interface AuditExport {
  /** Oldest first. */
  records: AuditRecordWire[];
  /** `after` of the next part. Keep it: an export that continues there gets each record once. */
  nextAfter: number;
  /** Whether the next part can be read at once. */
  isMoreReady: boolean;
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
  /** One part, oldest first, with at most `limit` records (default and bound: 1,000). */
  exportAudit(options: AuditExportOptions): Promise<AuditExport>;
}

export function auditOperations(transport: Transport): AuditOperations {
  return {
    async listAudit({ limit = 200, signal, ...filters } = {}) {
      const query = queryOf(limit, filters);
      const all: AuditRecordWire[] = [];
      let next: string | null = `/halligan/v1/audit?${query}`;
      while (next !== null && all.length < limit) {
        const page: AuditListWire = await transport.sendForJson({ method: "GET", path: next, signal }, AuditListWire);
        all.push(...page.value);
        next = page.value.length === 0 ? null : page.nextLink;
      }
      return all.slice(0, limit);
    },

    async exportAudit({ after, limit = MAX_RECORDS_AT_ONCE, signal, ...filters }) {
      const path = `/halligan/v1/audit?${queryOf(limit, { ...filters, after: String(after) })}`;
      const part: AuditListWire = await transport.sendForJson({ method: "GET", path, signal }, AuditListWire);
      if (part.nextAfter === undefined) {
        throw new UnexpectedResponseError("The server does not know the option after: its version is too old");
      }
      return { records: part.value, nextAfter: part.nextAfter, isMoreReady: part.nextLink !== null };
    },
  };
}

function queryOf(limit: number, filters: Record<string, string | undefined>): URLSearchParams {
  const query = new URLSearchParams({ top: String(Math.min(limit, MAX_RECORDS_AT_ONCE)) });
  for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, value);
  return query;
}

const MAX_RECORDS_AT_ONCE = 1_000;
