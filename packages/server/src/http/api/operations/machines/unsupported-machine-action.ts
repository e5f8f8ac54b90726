import { refuseUnservedOperation } from "../../../../service/machines/refuse-unserved-operation.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import type { Operation } from "../../../edge/operation.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { ACTING, IN_SCOPE } from "../../access-rules.ts";
import { type HttpContext, operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

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
] as const;

/**
 * Each refused by name. `docs/contract/clients-in-the-wild.md#paths`,
 * `docs/contract/http-api.md#machine-action-entity`.
 */
export const unsupportedMachineActions: readonly Operation<HttpContext>[] = NAMES.map((name) =>
  operation({
    name: "UnsupportedMachineAction",
    method: "POST",
    path: `/api/machines/:id/${name}`,
    // For the connection tests of clients, which call it with any permission that their application
    // has: docs/contract/clients-in-the-wild.md#paths. It only says whether a machine exists.
    access: permitted({
      application: [...ACTING, "Machine.Read.All", "Machine.ReadWrite.All"],
      delegated: [...ACTING, "Machine.Read", "Machine.ReadWrite"],
      ...IN_SCOPE,
    }),
    rateLimit: "standard",
    doc: {
      tag: "Machine actions",
      summary: "A machine action of Defender that is not served here",
      description:
        "Live response is the only machine action. This one is there to be refused by name, so that a client can tell it from a wrong address.",
      path: { id: machineIdParameter },
      refusals: {
        403: "`DisabledFeature`: always, for a machine that is there.",
        404: MACHINE_NOT_FOUND,
      },
    },
    responses: {},
    body: noBody,
    handler: async ({ caller, params }, context) =>
      domainRefusal(await refuseUnservedOperation(context, caller, params.id.toLowerCase(), name)),
  }),
);
