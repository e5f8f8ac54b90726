import { refuseUnservedOperation } from "../../../../service/machines/refuse-unserved-operation.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import type { Operation } from "../../../edge/operation.ts";
import { type HttpContext, operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";

/** Machine actions of Defender that are not live response, as they stand in the path. */
const NAMES = [
  "isolate",
  "unisolate",
  "collectInvestigationPackage",
  "runAntiVirusScan",
  "restrictCodeExecution",
  "unrestrictCodeExecution",
  "offboard",
  "StopAndQuarantineFile",
];

/**
 * Each refused by name. `docs/contract/clients-in-the-wild.md#paths`,
 * `docs/contract/http-api.md#machine-action-entity`.
 */
export const unservedOperations: readonly Operation<HttpContext>[] = NAMES.map((name) =>
  operation({
    name: "UnsupportedMachineAction",
    method: "POST",
    path: `/api/machines/:id/${name}`,
    access: permitted("UnsupportedMachineAction"),
    body: noBody,
    handler: async ({ caller, params }, context) =>
      domainRefusal(await refuseUnservedOperation(context, caller, (params.id ?? "").toLowerCase(), name)),
  }),
);
