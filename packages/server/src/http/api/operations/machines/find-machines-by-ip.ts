import { isIP } from "node:net";
import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { readDatetime } from "../../../../odata/parse/datetime.ts";
import { findMachinesByIp as find } from "../../../../service/machines/find-machines-by-ip.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { httpError, ok } from "../../../edge/http-response.ts";
import { machinesResponse } from "../../../openapi/samples/machines.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineWires } from "../../present/machine-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * `findbyip(ip='192.0.2.1',timestamp=2026-01-01T00:00:00Z)`. `docs/contract/http-api.md#machines`.
 */
export const findMachinesByIp = operation({
  name: "FindMachinesByIp",
  method: "GET",
  path: "/api/machines/findbyip(ip=:ip([^,]*),timestamp=:timestamp([^,]*))",
  access: permitted(READ),
  rateLimit: "standard",
  query: {},
  doc: {
    tag: "Machines",
    summary: "Find machines by IP address",
    description: "Machines that name this address, or came from it, and were there within 15 minutes of that time.",
    path: {
      ip: { description: "The address, in single quotes.", schema: Type.String(), example: `'${SAMPLE.ipAddress}'` },
      timestamp: {
        description: "A time of the past 30 days.",
        schema: Type.String({ format: "date-time" }),
        example: SAMPLE.timestamp,
      },
    },
    refusals: { 400: "`InvalidInput`: the address, or a time that is not of the past 30 days." },
  },
  responses: { 200: machinesResponse },
  body: noBody,
  async handler({ caller, params, signal: gone }, context) {
    const ip = /^'([^']*)'$/.exec(params.ip)?.[1] ?? "";
    if (isIP(ip) === 0) return httpError(400, "InvalidInput", "ip must be an address in single quotes");
    const atMs = readDatetime(params.timestamp.replace(/\)$/, ""));
    if (atMs === undefined)
      return httpError(400, "InvalidInput", "timestamp must be a time such as 2026-01-01T00:00:00Z");
    const turn = { accountId: accountOf(caller), gone };
    return await context.listTurns.take(turn, async () => {
      const found = await find(context, caller, ip, atMs);
      if (!found.ok) return domainRefusal(found.error);
      return ok({
        "@odata.context": odataContext(context.publicUrl, "Machines"),
        value: await machineWires(context, found.value, context.clock.nowMs()),
      });
    });
  },
});
