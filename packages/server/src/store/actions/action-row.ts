import type { Selectable } from "kysely";
import { boundEndsMs } from "../../domain/actions/action-bound.ts";
import { isFinal, keepsBytes, type MachineAction, type OrderState } from "../../domain/actions/machine-action.ts";
import { chosenOptions } from "../../domain/actions/options/action-options.ts";
import { withoutCiphertext } from "../../domain/actions/options/action-secrets.ts";
import type { MachineActionTable } from "../schema.ts";
import { parseCancellation, parseCommands, parseOptions, parseSecrets, parseStatus } from "./stored-action.ts";

export type Row = Selectable<MachineActionTable>;
export type ActionValues = Omit<Row, "seq" | "type" | "link_generation">;

export function toValues(action: MachineAction): ActionValues {
  const options = chosenOptions(action.options);
  return {
    id: action.id,
    machine_id: action.machineId,
    computer_dns_name: action.computerDnsName,
    status: action.status,
    requestor: action.requestor,
    requestor_id: action.requestorId,
    application: action.application,
    comment: action.comment,
    created_at_ms: action.createdAtMs,
    updated_at_ms: action.updatedAtMs,
    deadline_ms: action.deadlineMs,
    cancellation: action.cancellation && JSON.stringify(action.cancellation),
    error_hresult: action.errorHResult,
    commands: JSON.stringify(action.commands),
    options: options && JSON.stringify({ keepProcesses: false, ...options }),
    secrets: secretsText(action),
    scheduled_ms: action.scheduledMs,
    order_seq: action.order?.orderSeq ?? null,
    order_state: action.order?.state ?? null,
    order_journal_id: action.order?.journalId ?? null,
    order_link_epoch: action.order?.connectionEpoch ?? null,
    order_claimed_at_ms: action.order?.claimedAtMs ?? null,
    order_sent_at_ms: action.order?.sentAtMs ?? null,
    order_start_in_doubt: action.order?.startInDoubt ?? null,
    final_at_ms: action.finalAtMs,
    holds_place: action.slot.held ? 1 : 0,
    place_until_ms: action.slot.held ? action.slot.untilMs : null,
    bound_ms: action.bound && boundEndsMs(action.bound),
    bound_until_ms: action.bound?.untilMs ?? null,
    bound_latest_ms: action.bound?.latestMs ?? null,
    bound_paused_at_ms: action.bound?.pausedAtMs ?? null,
    keeps_results: keepsBytes(action) ? 1 : 0,
    version: action.version,
  };
}

export function fromRow(row: Row): MachineAction {
  return {
    id: row.id,
    machineId: row.machine_id,
    computerDnsName: row.computer_dns_name,
    status: parseStatus(row.status),
    requestor: row.requestor,
    requestorId: row.requestor_id,
    application: row.application,
    comment: row.comment,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    finalAtMs: row.final_at_ms,
    deadlineMs: row.deadline_ms,
    cancellation: row.cancellation === null ? null : parseCancellation(row.cancellation),
    errorHResult: row.error_hresult,
    commands: parseCommands(row.commands),
    options: parseOptions(row.options),
    secrets: row.secrets === null ? null : parseSecrets(row.secrets),
    scheduledMs: row.scheduled_ms,
    order: orderFromRow(row),
    slot: row.holds_place === 1 ? { held: true, untilMs: row.place_until_ms } : { held: false },
    bound: boundFromRow(row),
    version: row.version,
  };
}

/** The save that makes an action final drops the ciphertext. */
function secretsText({ status, secrets }: MachineAction): string | null {
  return secrets && JSON.stringify(isFinal(status) ? withoutCiphertext(secrets) : secrets);
}

function boundFromRow(row: Row): MachineAction["bound"] {
  if (row.bound_until_ms === null || row.bound_latest_ms === null) return null;
  return { untilMs: row.bound_until_ms, latestMs: row.bound_latest_ms, pausedAtMs: row.bound_paused_at_ms };
}

function orderFromRow(row: Row): OrderState | null {
  if (row.order_seq === null) return null;
  return {
    orderSeq: row.order_seq,
    state: row.order_state === "out" ? "out" : "closed",
    journalId: row.order_journal_id ?? "",
    connectionEpoch: row.order_link_epoch ?? 0,
    claimedAtMs: row.order_claimed_at_ms ?? 0,
    sentAtMs: row.order_sent_at_ms,
    startInDoubt: row.order_start_in_doubt,
  };
}
