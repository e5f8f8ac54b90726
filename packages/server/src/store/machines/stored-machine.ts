import { MachineFacts, SignedSecretKey } from "@halligan/protocol/link";
import type { Selectable } from "kysely";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { type Machine, machineName, type Retirement } from "../../domain/machines/machine.ts";
import type { MachineTable } from "../schema.ts";
import { machineListColumns } from "./machine-list-columns.ts";
import { continuityText, parseContinuity } from "./stored-continuity.ts";

export type MachineRow = Selectable<MachineTable>;
export type MachineValues = Omit<MachineRow, "seq">;

export function toValues(machine: Machine): MachineValues {
  return {
    id: machine.id,
    computer_dns_name: machineName(machine),
    facts: JSON.stringify(machine.facts),
    features: JSON.stringify(machine.features),
    // PostgreSQL searches the array with its own JSON parser, which refuses half a surrogate pair.
    tags: JSON.stringify(machine.tags.map((tag) => tag.toWellFormed())),
    first_seen_ms: machine.firstSeenMs,
    last_seen_ms: machine.lastSeenMs,
    last_external_ip: machine.lastExternalIp,
    linked: machine.linked ? 1 : 0,
    node_id: machine.nodeId,
    link_epoch: machine.connectionEpoch,
    journal_id: machine.journalId,
    last_order_seq: machine.lastOrderSeq,
    quarantined: machine.quarantined ? 1 : 0,
    quarantine_reason: machine.quarantineReason,
    continuity: continuityText(machine.continuity),
    group_id: machine.groupId,
    display_name: machine.displayName,
    retired_at_ms: machine.retirement?.atMs ?? null,
    retired_by: machine.retirement?.by ?? null,
    retire_reason: machine.retirement?.reason ?? null,
    removed_at_ms: machine.removedAtMs,
    secret_key: machine.secretKey && `${machine.secretKey.key}.${machine.secretKey.signature}`,
    ...machineListColumns(machine),
  };
}

export function fromRow(row: MachineRow): Machine {
  return {
    id: row.id,
    facts: parseFacts(row.facts),
    features: row.features === null ? [] : parseTexts(row.features, "features"),
    tags: parseTexts(row.tags, "tags"),
    firstSeenMs: row.first_seen_ms,
    lastSeenMs: row.last_seen_ms,
    lastExternalIp: row.last_external_ip,
    linked: row.linked === 1,
    nodeId: row.node_id,
    connectionEpoch: row.link_epoch,
    journalId: row.journal_id,
    lastOrderSeq: row.last_order_seq,
    quarantined: row.quarantined === 1,
    quarantineReason: row.quarantine_reason,
    continuity: parseContinuity(row.continuity),
    groupId: row.group_id,
    displayName: row.display_name,
    retirement: retirementFromRow(row),
    removedAtMs: row.removed_at_ms,
    secretKey: row.secret_key === null ? null : parseSecretKey(row.secret_key),
  };
}

function retirementFromRow(row: MachineRow): Retirement | null {
  if (row.retired_at_ms === null) return null;
  return { atMs: row.retired_at_ms, by: row.retired_by ?? "", reason: row.retire_reason ?? "" };
}

const StoredFacts = Compile(MachineFacts);
const StoredSecretKey = Compile(SignedSecretKey);
const StoredTexts = Compile(Type.Array(Type.String()));

function parseFacts(json: string): MachineFacts {
  const value: unknown = JSON.parse(json);
  if (StoredFacts.Check(value)) return value;
  throw new Error("the stored machine facts do not match their schema");
}

function parseSecretKey(text: string): SignedSecretKey {
  const [key, signature] = text.split(".");
  const value: unknown = { key, signature };
  if (StoredSecretKey.Check(value)) return value;
  throw new Error("the stored key for secrets does not match its schema");
}

function parseTexts(json: string, what: string): string[] {
  const value: unknown = JSON.parse(json);
  if (StoredTexts.Check(value)) return value;
  throw new Error(`the stored machine ${what} do not match their schema`);
}
