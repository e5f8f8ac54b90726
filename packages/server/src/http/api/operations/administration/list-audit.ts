import { AuditListWire, type AuditRecordWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { listAudit as list } from "../../../../service/administration/list-audit.ts";
import type { StoredAuditRecord } from "../../../../store/administration/audit.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { httpError, ok } from "../../../edge/http-response.ts";
import { textParameter } from "../../../openapi/samples/parameters.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { IN_SCOPE } from "../../access-rules.ts";
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

/**
 * Which caller asked for which operation and when, newest first: `?machineId= actionId= actorId=
 * operation= top= before=<seq>`.
 */
export const listAudit = operation({
  name: "ListAudit",
  method: "GET",
  path: "/halligan/v1/audit",
  access: permitted({
    application: ["Halligan.Audit.Read", "Halligan.Admin"],
    delegated: ["Halligan.Audit.Read", "Halligan.Admin"],
    ...IN_SCOPE,
  }),
  rateLimit: "none",
  query: OPTIONS,
  doc: {
    tag: "Halligan",
    summary: "Read the audit log",
    description: "Who asked what of which machine when, newest first. `nextLink` leads to older records.",
    query: {
      machineId: { ...textParameter("Only what concerns this machine."), example: SAMPLE.machineId },
      actionId: textParameter("Only what concerns this machine action."),
      actorId: textParameter("Only what this application or user did."),
      operation: {
        ...textParameter(
          "Only this operation, by its name in this document, or a background event; records under a former name too.",
        ),
        example: "RunLiveResponse",
      },
      top: {
        description: "How many at most. Default 200.",
        schema: Type.Integer({ minimum: 1, maximum: 1_000 }),
        example: 10,
      },
      before: { description: "Only records older than the one with this `seq`.", schema: Type.Integer({ minimum: 1 }) },
    },
    refusals: { 400: "`BadRequest`: an option that does not exist, or a value out of its bounds." },
  },
  responses: {
    200: json("One page of it.", AuditListWire, {
      value: [
        {
          seq: 17,
          at: "2026-11-21T12:00:00.118Z",
          actor: "Administrator",
          actorId: SAMPLE.clientId,
          actorKind: "application",
          application: SAMPLE.clientId,
          address: "192.0.2.7",
          operation: "RunLiveResponse",
          machineId: SAMPLE.machineId,
          actionId: SAMPLE.actionId,
          detail: {
            comment: "case 4711",
            commands: [{ type: "RunScript", target: SAMPLE.fileName, args: "--all", sha256: SAMPLE.scriptSha256 }],
          },
        },
      ],
      nextLink: null,
    }),
  },
  body: noBody,
  async handler({ caller, options, path, signal: gone }, context) {
    const top = wholeNumber(options.get("top") ?? String(DEFAULT_TOP), MAX_TOP);
    const before = options.has("before") ? wholeNumber(options.get("before") ?? "", Number.MAX_SAFE_INTEGER) : null;
    if (top === undefined || before === undefined) {
      return httpError(400, "InvalidInput", `top must be a number from 1 to ${MAX_TOP}, before the seq of a record`);
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
    const responseBody: AuditListWire = {
      value: records.map(auditRecordWire),
      nextLink: last && records.length === top ? `${context.publicUrl}${path}?${next}` : null,
    };
    return ok(responseBody);
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
