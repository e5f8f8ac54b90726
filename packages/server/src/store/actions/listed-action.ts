import type { Selectable } from "kysely";
import type { ListedAction } from "../../domain/actions/machine-action.ts";
import type { MachineActionTable } from "../schema.ts";
import { parseCancellation, parseListedCommands, parseStatus } from "./stored-action.ts";

/**
 * The columns of a list. A page of 1,000 actions takes half the bytes and half the work of whole
 * rows.
 */
export const LISTED_COLUMNS = [
  "seq",
  "id",
  "machine_id",
  "computer_dns_name",
  "status",
  "requestor",
  "comment",
  "created_at_ms",
  "updated_at_ms",
  "cancellation",
  "error_hresult",
  "commands",
] as const satisfies readonly (keyof MachineActionTable)[];

export type ListedRow = Pick<Selectable<MachineActionTable>, (typeof LISTED_COLUMNS)[number]>;

export function listedFromRow(row: ListedRow): ListedAction {
  return {
    id: row.id,
    machineId: row.machine_id,
    computerDnsName: row.computer_dns_name,
    status: parseStatus(row.status),
    requestor: row.requestor,
    comment: row.comment,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    cancellation: row.cancellation === null ? null : parseCancellation(row.cancellation),
    errorHResult: row.error_hresult,
    commands: parseListedCommands(row.commands),
  };
}
