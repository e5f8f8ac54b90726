import { AuditListWire, type AuditRecordWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { exportAudit } from "../../../../service/administration/export-audit.ts";
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

const MACHINE_ID = /^[0-9a-f]{40}$/i;
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const OPTIONS = {
  machineId: "value",
  actionId: "value",
  actorId: "value",
  operation: "value",
  before: "value",
  after: "value",
  top: "value",
} as const;

/**
 * Which caller asked for which operation and when, newest first: `?machineId= actionId= actorId=
 * operation= top= before=<seq>`. With `after=<seq>` oldest first, for an export.
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
    description:
      "Who asked what of which machine when, newest first. `nextLink` leads to older records. With `after` oldest " +
      "first: an export that continues with `nextAfter` gets each record exactly once.",
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
      after: {
        description:
          "Only records newer than the one with this `seq`, oldest first; 0 for all. The answer has `nextAfter`, the " +
          "value for the next request. Not together with `before`.",
        schema: Type.Integer({ minimum: 0 }),
      },
    },
    refusals: {
      400:
        "`BadRequest`: an option that does not exist, or a value out of its bounds. `InvalidInput`: `machineId` or `actionId` is no id, or `after` is above " +
        "the newest record, as after the restore of an older backup.",
    },
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
    const top = wholeNumber(options.get("top") ?? String(DEFAULT_TOP), 1, MAX_TOP);
    const before = seqOf(options.get("before"), 1);
    const after = seqOf(options.get("after"), 0);
    if (top === undefined) return invalid(`top must be a number from 1 to ${MAX_TOP}`);
    if (before === undefined) return invalid("before must be the seq of a record, a whole number from 1 on");
    if (after === undefined) return invalid("after must be the seq of a record, or 0 for the oldest one");
    const [machineId, actionId] = [options.get("machineId"), options.get("actionId")];
    if (machineId !== undefined && !MACHINE_ID.test(machineId)) return invalid("machineId must have 40 hex digits");
    if (actionId !== undefined && !GUID.test(actionId)) return invalid("actionId must be a GUID");
    if (before !== null && after !== null) return invalid("before and after do not go together");
    const filter = {
      machineId: machineId?.toLowerCase() ?? null,
      actionId: actionId?.toLowerCase() ?? null,
      actorId: options.get("actorId") ?? null,
      operation: options.get("operation") ?? null,
      limit: top,
    };
    const turn = { accountId: accountOf(caller), gone };
    const next = new URLSearchParams([...options]);
    const linkOf = (query: URLSearchParams) => `${context.publicUrl}${path}?${query}`;
    return await context.listTurns.take(turn, async () => {
      if (after !== null) {
        const exported = await exportAudit(context, caller, { ...filter, afterSeq: after });
        if (!exported.ok) return cursorAhead(after, exported.error.newestSeq);
        const { records, nextSeq, isFull } = exported.value;
        next.set("after", String(nextSeq));
        const part: AuditListWire = {
          value: records.map(auditRecordWire),
          nextLink: isFull ? linkOf(next) : null,
          nextAfter: nextSeq,
        };
        return ok(part);
      }
      const { records, isFull } = await list(context, caller, { ...filter, beforeSeq: before });
      const last = records.at(-1);
      if (last) next.set("before", String(last.seq));
      const responseBody: AuditListWire = {
        value: records.map(auditRecordWire),
        nextLink: last && isFull ? linkOf(next) : null,
      };
      return ok(responseBody);
    });
  },
});

/** From `min` to `max`; undefined for anything else. */
function wholeNumber(text: string, min: number, max: number): number | undefined {
  const value = Number(text);
  return /^\d{1,16}$/.test(text) && value >= min && value <= max ? value : undefined;
}

const invalid = (detail: string) => httpError(400, "InvalidInput", detail);

/** Null when it is not given; undefined when it is no number of a record. */
const seqOf = (text: string | undefined, min: number) =>
  text === undefined ? null : wholeNumber(text, min, Number.MAX_SAFE_INTEGER);

const cursorAhead = (after: number, newest: number) =>
  httpError(
    400,
    "InvalidInput",
    `after is ${after}, and the newest record is ${newest}. The database may be an older backup: ` +
      `continue with after=${newest}, and expect that numbers above it are used for other records.`,
  );

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
