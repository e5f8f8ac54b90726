import * as life from "../../../../../service/machines/retire-machine.ts";
import { permitted } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { empty } from "../../../../edge/declared-responses.ts";
import { noContent } from "../../../../edge/http-response.ts";
import { machineIdParameter } from "../../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../../openapi/samples/refusals.ts";
import { ADMIN_IN_SCOPE } from "../../../access-rules.ts";
import { operation } from "../../../context.ts";
import { domainRefusal } from "../../../errors/errors.ts";

export const deleteMachine = operation({
  name: "DeleteMachine",
  method: "DELETE",
  path: "/halligan/v1/machines/:id",
  access: permitted(ADMIN_IN_SCOPE),
  rateLimit: "none",
  doc: {
    tag: "Machines",
    summary: "Remove a retired machine",
    description:
      "It is in no list and found by nothing any more. Its actions and audit records stay, and its key stays refused.",
    path: { id: machineIdParameter },
    refusals: { 400: "`BadRequest`: it is in use; retire it first.", 404: MACHINE_NOT_FOUND },
  },
  responses: { 204: empty("It is removed.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const removed = await life.deleteMachine(context, caller, params.id.toLowerCase());
    return removed.ok ? noContent() : domainRefusal(removed.error);
  },
});
