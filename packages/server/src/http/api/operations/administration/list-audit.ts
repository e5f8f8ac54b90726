import type { AuditListWire, AuditRecordWire } from "@halligan/protocol/api";
import { accountOf } from "../../../../auth/caller.ts";
import { listAudit as list } from "../../../../service/administration/list-audit.ts";
import type { StoredAuditRecord } from "../../../../store/administration/audit.ts";
import { permitted } from "../../../edge/access.ts";
import { ok, refuse } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { wireTime } from "../../present/wire-time.ts";

const DEFAULT_TOP = 200;
const MAX_TOP = 1_000;
const OPTIONS = {
  machineId: "value",
  actionId: "value",
  actorId: "value",
  operation: "value",
  before: "value",
  top: "value",
} as const;

/** Who asked what of which machine when, newest first; `?machineId= actionId= actorId= operation= top= before=<seq>`. */
export const listAudit = operation({
  name: "ListAudit",
  method: "GET",
  path: "/halligan/v1/audit",
  access: permitted("ListAudit"),
  query: OPTIONS,
  body: noBody,
  async handler({ caller, options, path, signal: gone }, context) {
    const top = wholeNumber(options.get("top") ?? String(DEFAULT_TOP), MAX_TOP);
    const before = options.has("before") ? wholeNumber(options.get("before") ?? "", Number.MAX_SAFE_INTEGER) : null;
    if (top === undefined || before === undefined) {
      return refuse(400, "InvalidInput", `top must be a number from 1 to ${MAX_TOP}, before the seq of a record`);
    }
    const filter = {
      machineId: options.get("machineId") ?? null,
      actionId: options.get("actionId") ?? null,
      actorId: options.get("actorId") ?? null,
      operation: options.get("operation") ?? null,
      beforeSeq: before,
      limit: top,
    };
    const turn = { accountId: accountOf(caller), gone };
    const listed = await context.listTurns.take(turn, () => list(context, caller, filter));
    if (!listed.ok) return listed.error;
    const records = listed.value;
    const last = records.at(-1);
    const next = new URLSearchParams([...options]);
    if (last) next.set("before", String(last.seq));
    const answer: AuditListWire = {
      value: records.map(auditRecordWire),
      nextLink: last && records.length === top ? `${context.publicUrl}${path}?${next}` : null,
    };
    return ok(answer);
  },
});

/** From 1 to `max`; undefined for anything else. */
function wholeNumber(text: string, max: number): number | undefined {
  const value = Number(text);
  return /^\d{1,16}$/.test(text) && value >= 1 && value <= max ? value : undefined;
}

const auditRecordWire = (record: StoredAuditRecord): AuditRecordWire => ({
  seq: record.seq,
  at: wireTime(record.atMs),
  actor: record.actor,
  actorId: record.actorId,
  actorKind: record.actorKind,
  application: record.application,
  address: record.address,
  operation: record.operation,
  machineId: record.machineId,
  actionId: record.actionId,
  detail: record.detail,
});
