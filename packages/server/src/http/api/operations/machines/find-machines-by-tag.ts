import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { MACHINES } from "../../../../odata/entities/machine-fields.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listMachines } from "../../../../service/machines/list-machines.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { httpError } from "../../../edge/http-response.ts";
import { machinesResponse } from "../../../openapi/samples/machines.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { collectionResponse } from "../../present/collection-wire.ts";
import { machineWires } from "../../present/machine-wire.ts";

/**
 * `findbytag?tag=...&useStartsWithFilter=true|false`: a list filtered by one tag.
 * `docs/contract/http-api.md#machines`.
 */
export const findMachinesByTag = operation({
  name: "FindMachinesByTag",
  method: "GET",
  path: "/api/machines/findbytag",
  access: permitted(READ),
  rateLimit: "standard",
  query: { tag: "text", useStartsWithFilter: "value" },
  doc: {
    tag: "Machines",
    summary: "Find machines by tag",
    query: {
      tag: { description: "The tag.", schema: Type.String(), example: "lab", required: true },
      useStartsWithFilter: {
        description: "Whether tags that begin so count too. Default false.",
        schema: Type.Boolean(),
        example: false,
      },
    },
    refusals: { 400: "`MissingRequiredParameter`: `tag`. `InvalidInput`: `useStartsWithFilter`." },
  },
  responses: { 200: machinesResponse },
  body: noBody,
  async handler({ caller, options, signal: gone }, context) {
    const tag = options.get("tag");
    if (!tag) return httpError(400, "MissingRequiredParameter", "Missing required parameter: tag");
    const prefix = (options.get("useStartsWithFilter") ?? "false").toLowerCase();
    if (prefix !== "true" && prefix !== "false")
      return httpError(400, "InvalidInput", "useStartsWithFilter must be true or false");
    const literal = `'${tag.replaceAll("'", "''")}'`;
    const condition = prefix === "true" ? `startswith(t,${literal})` : `t eq ${literal}`;
    const filter = new URLSearchParams({ $filter: `machineTags/any(t: ${condition})`, $top: "10000" });
    const query = parseListQuery(filter, MACHINES, context.clock.nowMs());
    if (!query.ok) return domainRefusal(query.error);
    const turn = { accountId: accountOf(caller), gone };
    const list = { path: "/api/machines", fragment: "Machines" } as const;
    return await context.listTurns.take(turn, async () => {
      const listed = await listMachines(context, caller, query.value);
      const wires = await machineWires(context, listed.rows, query.value.asOfMs);
      return collectionResponse(context, list, query.value, listed, wires);
    });
  },
});
