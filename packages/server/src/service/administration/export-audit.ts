import { err, ok, type Result } from "@halligan/protocol/errors";
import { sleep } from "@halligan/protocol/time";
import type { Caller } from "../../auth/caller.ts";
import type { AuditRange, StoredAuditRecord } from "../../store/administration/audit.ts";
import { recordedNames } from "../audit-operations.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

/** Longest wait of one request for transactions that may still have a smaller number. */
const SETTLE_LIMIT_MS = 1_000;
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

export interface AuditExport {
  /** Oldest first. */
  records: readonly StoredAuditRecord[];
  /** `afterSeq` of the next part. No record up to it can still appear. */
  nextSeq: number;
  /** Whether more records may follow at once. */
  isFull: boolean;
}

/** The cursor is not from this database, or from a state of it that was lost. */
export interface CursorAhead {
  code: "AuditCursorAhead";
  newestSeq: number;
}

/**
 * `GET /halligan/v1/audit?after=`: oldest first. A reader that continues at `nextSeq` gets each
 * record exactly once, although on PostgreSQL a record may become visible after one with a higher
 * number: docs/decisions/0045-audit-cursor.md. Users see only the records of machines that they
 * reach.
 */
export async function exportAudit(
  context: ServiceContext,
  caller: Caller,
  { operation, afterSeq, ...match }: Omit<AuditRange, "operations" | "upToSeq"> & { operation: string | null },
): Promise<Result<AuditExport, CursorAhead>> {
  const { store } = context;
  const upToSeq = await store.read((tx) => tx.audit.newestSeq());
  if (afterSeq > upToSeq) return err({ code: "AuditCursorAhead", newestSeq: upToSeq });
  if (afterSeq === upToSeq || !(await isSettled(context))) {
    return ok({ records: [], nextSeq: afterSeq, isFull: false });
  }
  const operations = operation === null ? null : recordedNames(operation);
  const { records, isFull } = await store.read(async (tx) =>
    tx.audit.range({ ...match, operations, afterSeq, upToSeq }, await scopeOf(tx, caller)),
  );
  const last = records.at(-1);
  return ok({ records, nextSeq: isFull && last ? last.seq : upToSeq, isFull });
}

/**
 * Waits until the transactions that are open now have ended. Each number that was assigned before
 * this call then belongs to a visible record or to none. False when they take too long.
 */
async function isSettled({ store, clock }: ServiceContext): Promise<boolean> {
  const startMs = clock.monotonicMs();
  let open = await writersOf(store);
  for (let pauseMs = SHORTEST_PAUSE_MS; open.length > 0; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    if (clock.monotonicMs() - startMs + pauseMs > SETTLE_LIMIT_MS) return false;
    await sleep(clock, pauseMs, undefined);
    const present = new Set(await writersOf(store));
    open = open.filter((writer) => present.has(writer));
  }
  return true;
}

const writersOf = (store: ServiceContext["store"]) => store.read((tx) => tx.audit.writers());
