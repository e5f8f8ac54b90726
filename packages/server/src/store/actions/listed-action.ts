import type { Selectable } from "kysely";
import type { ListedAction } from "../../domain/actions/machine-action.ts";
import type { MachineActionTable } from "../schema.ts";
import { parseCancellation, parseListedCommands, parseStatus } from "./stored-action.ts";

/** Texts of an action that have no small bound: paths, arguments and comments. */
export const LONG_TEXTS = { commands: 1, comment: 1 / 8, cancellation: 1 / 8 } as const;

export const SHORT_COLUMNS = [
  "seq",
  "id",
  "machine_id",
  "computer_dns_name",
  "status",
  "requestor",
  "created_at_ms",
  "updated_at_ms",
  "error_hresult",
] as const satisfies readonly (keyof MachineActionTable)[];

/**
 * The columns of a list. A page of 1,000 actions takes half the bytes and half the work of whole
 * rows.
 */
export const LISTED_COLUMNS = [
  ...SHORT_COLUMNS,
  "commands",
  "comment",
  "cancellation",
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
