import {
  QuarantineMachineRequest,
  RenameMachineRequest,
  ReplaceMachineTagsRequest,
  RetireMachineRequest,
} from "@halligan/protocol/api";
import type { DomainError } from "../../../../domain/errors.ts";
import type { Machine } from "../../../../domain/machines/machine.ts";
import type { Result } from "../../../../domain/result.ts";
import * as quarantine from "../../../../service/machines/quarantine-by-hand.ts";
import { renameMachine as rename } from "../../../../service/machines/rename-machine.ts";
import * as life from "../../../../service/machines/retire-machine.ts";
import { replaceMachineTags as replaceTags } from "../../../../service/machines/set-machine-tag.ts";
import { permitted } from "../../../edge/access.ts";
import { type Answer, noContent, ok } from "../../../edge/answer.ts";
import { json, noBody } from "../../../edge/body/body-kinds.ts";
import { type HttpContext, operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { changedMachineWire } from "../../present/machine-details-wire.ts";

export const renameMachine = operation({
  name: "RenameMachine",
  method: "PUT",
  path: "/halligan/v1/machines/:id/name",
  access: permitted("RenameMachine"),
  body: json(RenameMachineRequest),
  async handler({ caller, params, body }, context) {
    return answer(context, await rename(context, caller, idOf(params), body.name));
  },
});

export const replaceMachineTags = operation({
  name: "ReplaceMachineTags",
  method: "PUT",
  path: "/halligan/v1/machines/:id/tags",
  access: permitted("ReplaceMachineTags"),
  body: json(ReplaceMachineTagsRequest),
  async handler({ caller, params, body }, context) {
    return answer(context, await replaceTags(context, caller, idOf(params), body.tags));
  },
});

/** Answers when the retirement is durable: nothing starts on the machine from then on. */
export const retireMachine = operation({
  name: "RetireMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/retire",
  access: permitted("RetireMachine"),
  body: json(RetireMachineRequest),
  async handler({ caller, params, body }, context) {
    return answer(context, await life.retireMachine(context, caller, idOf(params), body.reason));
  },
});

export const reinstateMachine = operation({
  name: "ReinstateMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/reinstate",
  access: permitted("ReinstateMachine"),
  body: noBody,
  async handler({ caller, params }, context) {
    return answer(context, await life.reinstateMachine(context, caller, idOf(params)));
  },
});

/** Answers when it is durable: nothing starts on the machine from then on. */
export const quarantineMachine = operation({
  name: "QuarantineMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/quarantine",
  access: permitted("QuarantineMachine"),
  body: json(QuarantineMachineRequest),
  async handler({ caller, params, body }, context) {
    return answer(context, await quarantine.quarantineByHand(context, caller, idOf(params), body.reason));
  },
});

export const releaseMachine = operation({
  name: "ReleaseMachine",
  method: "POST",
  path: "/halligan/v1/machines/:id/release",
  access: permitted("ReleaseMachine"),
  body: noBody,
  async handler({ caller, params }, context) {
    return answer(context, await quarantine.releaseMachine(context, caller, idOf(params)));
  },
});

export const deleteMachine = operation({
  name: "DeleteMachine",
  method: "DELETE",
  path: "/halligan/v1/machines/:id",
  access: permitted("DeleteMachine"),
  body: noBody,
  async handler({ caller, params }, context) {
    const removed = await life.deleteMachine(context, caller, idOf(params));
    return removed.ok ? noContent() : domainRefusal(removed.error);
  },
});

/**
 * What changes a machine takes its id alone: a name may be that of another machine by the time it
 * arrives.
 */
const idOf = (params: Readonly<Record<string, string | undefined>>): string => (params.id ?? "").toLowerCase();

async function answer(context: HttpContext, changed: Result<Machine, DomainError>): Promise<Answer> {
  return changed.ok ? ok(await changedMachineWire(context, changed.value)) : domainRefusal(changed.error);
}
