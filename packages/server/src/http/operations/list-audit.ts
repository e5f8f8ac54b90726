import type { AuditListWire, AuditRecordWire } from "@halligan/protocol/api";
import { listAudit as list } from "../../service/list-audit.ts";
import type { StoredAuditRecord } from "../../store/audit.ts";
import { permitted } from "../access.ts";
import { ok, refuse } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { wireTime } from "../wire-time.ts";

const DEFAULT_TOP = 200;
const MAX_TOP = 1_000;
const OPTIONS = ["machineId", "actionId", "actorId", "operation", "before", "top"];

/** Who asked what of which machine when, newest first; `?machineId= actionId= actorId= operation= top= before=<seq>`. */
export const listAudit = operation({
  name: "ListAudit",
  method: "GET",
  path: "/halligan/v1/audit",
  access: permitted("ListAudit"),
  body: noBody,
  async handler({ caller, query, path }, context) {
    const unknown = [...query.keys()].find((name) => !OPTIONS.includes(name));
    if (unknown !== undefined) return refuse(400, "BadRequest", `There is no option ${JSON.stringify(unknown)}`);
    const top = wholeNumber(query.get("top") ?? String(DEFAULT_TOP), MAX_TOP);
    const before = query.has("before") ? wholeNumber(query.get("before") ?? "", Number.MAX_SAFE_INTEGER) : null;
    if (top === undefined || before === undefined) {
      return refuse(400, "BadRequest", `top must be a number from 1 to ${MAX_TOP}, before the seq of a record`);
    }
    const records = await list(context, caller, {
      machineId: query.get("machineId"),
      actionId: query.get("actionId"),
      actorId: query.get("actorId"),
      operation: query.get("operation"),
      beforeSeq: before,
      limit: top,
    });
    const last = records.at(-1);
    const next = new URLSearchParams(query);
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
  operation: record.operation,
  machineId: record.machineId,
  actionId: record.actionId,
  detail: record.detail,
});
