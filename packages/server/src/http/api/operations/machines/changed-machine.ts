import type { MachineDetailsWire } from "@halligan/protocol/api";
import type { Result } from "@halligan/protocol/errors";
import type { DomainError } from "../../../../domain/errors.ts";
import type { Machine } from "../../../../domain/machines/machine.ts";
import { type ErrorResponse, type JsonResponse, ok } from "../../../edge/http-response.ts";
import type { HttpContext } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { changedMachineWire } from "../../present/machine-details-wire.ts";

/**
 * The response of an operation that changes a machine: the machine after the change, or why it was
 * refused.
 */
export async function changedMachine(
  context: HttpContext,
  changed: Result<Machine, DomainError>,
): Promise<JsonResponse<200, MachineDetailsWire> | ErrorResponse> {
  return changed.ok ? ok(await changedMachineWire(context, changed.value)) : domainRefusal(changed.error);
}
