import type { Generated } from "kysely";

/**
 * The tables, for both SQL dialects. Times are Unix milliseconds, booleans 0 or 1, JSON is text.
 * Column names are the domain's in snake_case. Each aggregate's file maps rows to domain types.
 */
export interface Schema {
  meta: { key: string; value: string };
  machine: MachineTable;
  machine_key: MachineKeyTable;
  machine_action: MachineActionTable;
  /** Written by releases before `command_end`. */
  inline_result: { action_id: string; command_index: number; content: Uint8Array };
  result_upload: { result_id: string; action_id: string; size_bytes: number; sha256: string; completed_at_ms: number };
  result_space: ResultSpaceTable;
  signed_end: SignedEndTable;
  command_end: CommandEndTable;
  library_file: LibraryFileTable;
  application: ApplicationTable;
  application_secret: ApplicationSecretTable;
  library_approval: { sha256: string; account_id: string; approved_by: string; approved_at_ms: number };
  blocked_caller: { caller_id: string; maker: string; blocked_by: string; blocked_at_ms: number; reason: string };
  enrollment_token: EnrollmentTokenTable;
  audit: AuditTable;
  removed_action: { id: string; machine_id: string };
  device_group: DeviceGroupTable;
  node: { id: string; beat: number; facts: string };
  request_window: { key: string; admitted: string; until_ms: number; version: number };
  staged_content: StagedContentTable;
  used_assertion: { client_id: string; digest: string; until_ms: number };
  idempotency_key: IdempotencyKeyTable;
}

/** The small result of a command, and what its device signed about its end. */
export interface CommandEndTable {
  /** Computed by `store/results/command-end-key.ts`. */
  key: number;
  /** Null when the result is not in the database, and after its retention. */
  content: Uint8Array | null;
  /** The signed text. Null, as the next two, for an end without a signature. */
  payload: string | null;
  signature: string | null;
  public_key: string | null;
}

/** Written by releases before `command_end`. */
export interface SignedEndTable {
  action_id: string;
  command_index: number;
  /** The signed text. */
  payload: string;
  signature: string;
  public_key: string;
}

export interface MachineTable {
  seq: Generated<number>;
  id: string;
  /** `display_name`, or else the name in `facts`. Lists filter and sort by it. */
  computer_dns_name: string;
  facts: string;
  /** JSON; null in rows that are older than this column. */
  features: string | null;
  tags: string;
  first_seen_ms: number;
  last_seen_ms: number;
  last_external_ip: string | null;
  linked: number;
  /** The node that has the connection, or had the last one. */
  node_id: string | null;
  link_epoch: number;
  journal_id: string | null;
  last_order_seq: number;
  quarantined: number;
  quarantine_reason: string | null;
  /** JSON; null when nothing is known. */
  continuity: string | null;
  group_id: number;
  display_name: string | null;
  /** Null while the machine is in use. `retired_by` and `retire_reason` are set with it. */
  retired_at_ms: number | null;
  retired_by: string | null;
  retire_reason: string | null;
  removed_at_ms: number | null;
  /** Key and signature, with a dot between; null when the agent takes no secrets. */
  secret_key: string | null;
  // Copies of values in `facts`, for lists to filter and sort by.
  last_ip: string | null;
  os_platform: string;
  version: string | null;
  os_version: string | null;
  os_build: number | null;
  os_architecture: string;
  os_processor: string | null;
  agent_version: string;
}

export interface MachineKeyTable {
  machine_id: string;
  /** Raw Ed25519 key, base64url. */
  public_key: string;
  valid_from_ms: number;
  valid_until_ms: number | null;
  /**
   * Hash of the token that it was enrolled with. Identifies a repeated enrollment whose first
   * response was lost.
   */
  enrolled_with: string;
}

export interface MachineActionTable {
  seq: Generated<number>;
  id: string;
  machine_id: string;
  computer_dns_name: string;
  type: string;
  status: string;
  requestor: string;
  requestor_id: string;
  /** Null in rows that are older than this column. */
  application: string | null;
  comment: string;
  created_at_ms: number;
  updated_at_ms: number;
  deadline_ms: number | null;
  cancellation: string | null;
  error_hresult: number;
  /** JSON array of the domain's commands. They are read and written only with their action. */
  commands: string;
  /** JSON; null when there are none. */
  options: string | null;
  /** JSON; null without secrets. Without ciphertext once the action is final. */
  secrets: string | null;
  /** Null unless the action is, or ended while it was, scheduled. */
  scheduled_ms: number | null;
  order_seq: number | null;
  order_state: string | null;
  order_journal_id: string | null;
  order_link_epoch: number | null;
  order_claimed_at_ms: number | null;
  order_sent_at_ms: number | null;
  order_start_in_doubt: string | null;
  /** Null while it is unfinished, and in rows that are older than this column. */
  final_at_ms: number | null;
  /** 1 while it holds a session slot. */
  holds_place: number;
  /** When a machine that is offline releases its slot; null while it is connected. */
  place_until_ms: number | null;
  /**
   * When its bound passes, compared with the clock. Null in rows that are older than this column.
   */
  bound_ms: number | null;
  bound_until_ms: number | null;
  bound_latest_ms: number | null;
  bound_paused_at_ms: number | null;
  /**
   * 1 while bytes of its results, or of content that came with it, are kept. Retention searches for
   * it.
   */
  keeps_results: number;
  version: number;
  /** Result links of an earlier generation are refused. */
  link_generation: Generated<number>;
}

export interface IdempotencyKeyTable {
  account_id: string;
  key: string;
  request_sha256: string;
  action_id: string;
  /** From this time on the key can be used again. */
  until_ms: number;
}

export interface ResultSpaceTable {
  result_id: string;
  action_id: string;
  /** -1 for results that are older than this table. */
  command_index: number;
  machine_id: string;
  /** The granted space while it is uploaded, then its size. */
  bytes: number;
  started_at_ms: number;
  touched_at_ms: number;
  /** 1 when a command's end names it. */
  is_kept: number;
}

export interface LibraryFileTable {
  seq: Generated<number>;
  file_name: string;
  sha256: string;
  size_bytes: number;
  description: string | null;
  has_parameters: number;
  parameters_description: string | null;
  created_by: string;
  created_at_ms: number;
  updated_by: string;
  updated_at_ms: number;
  /**
   * Null for the present version; otherwise when it was replaced or removed. Rows are never
   * deleted.
   */
  ended_at_ms: number | null;
  /** Id of the caller who uploaded it, and of the caller's account; null when unknown. */
  owner_id: string | null;
  owner_account_id: string | null;
  /** JSON array of ids; null for all groups. */
  device_groups: string | null;
  /** Null while the content exists. The ended rows of one SHA-256 change together. */
  content_state: "removing" | "removed" | null;
}

export interface StagedContentTable {
  /**
   * Also the id of its bytes in the blob store. No other row has these bytes: they are deleted with
   * the row.
   */
  id: string;
  /** The caller who uploaded it. Only this caller's actions may refer to it. */
  owner_id: string;
  sha256: string;
  size_bytes: number;
  /**
   * uploading: being received, or interrupted by a crash. staged: complete. removing: nothing may
   * refer to it any more.
   */
  state: string;
  /** Number of actions that keep it. */
  uses: number;
  /** From this time on it is deleted when no action keeps it. */
  expires_at_ms: number;
}

export interface ApplicationTable {
  client_id: string;
  name: string;
  /**
   * The secret of an application that was created before the table `application_secret`; empty for
   * none.
   */
  secret_sha256: string;
  roles: string;
  /** JSON array of public JWKs for private_key_jwt. */
  keys: string;
  created_at_ms: number;
  removed_at_ms: number | null;
  /** Id of the account to which it belongs; null when it has an account of its own. */
  owner_id: string | null;
  /** Access tokens and result links of another generation are refused. */
  token_generation: Generated<number>;
}

export interface ApplicationSecretTable {
  id: string;
  client_id: string;
  sha256: string;
  created_at_ms: number;
  /** Null for a secret without an expiry. */
  expires_at_ms: number | null;
}

export interface EnrollmentTokenTable {
  id: string;
  token_sha256: string;
  uses: number;
  uses_left: number;
  expires_at_ms: number;
  created_by: string;
  created_at_ms: number;
  /** Null unless it was revoked; `revoked_by` is set with it. A revoked token has no uses left. */
  revoked_at_ms: number | null;
  revoked_by: string | null;
}

export interface DeviceGroupTable {
  id: Generated<number>;
  name: string;
  remediation_level: string;
  /** JSON arrays: ids of users, and names of groups from the users' issuer. */
  users: string;
  user_groups: string;
  /**
   * 1 when all users may reach it. Null in rows of an older release: then a group without users and
   * user groups is open to all.
   */
  open_to_users: number | null;
}

export interface AuditTable {
  seq: Generated<number>;
  at_ms: number;
  actor: string;
  actor_id: string;
  actor_kind: string | null;
  application: string | null;
  address: string | null;
  operation: string;
  machine_id: string | null;
  action_id: string | null;
  detail: string;
}
