import { sql } from "kysely";
import type { Machine, MachineConnection, MachinePresence } from "../../domain/machines/machine.ts";
import { asciiLower } from "../../odata/compare-text.ts";
import type { ListQuery } from "../../odata/query.ts";
import { changedColumns, onlyColumns, statementsByColumns } from "../changed-columns.ts";
import type { ListPage } from "../lists/list-page.ts";
import { type Executor, statement } from "../statement.ts";
import { countMachines, listMachines, type MachineSelection } from "./machine-list.ts";
import { fromRow, type MachineValues, toValues } from "./stored-machine.ts";

export type Machines = ReturnType<typeof machines>;

export function machines(executor: Executor) {
  return {
    async insert(machine: Machine): Promise<void> {
      await executor.all(insert, toValues(machine));
    },
    /** Writes the changed columns. `loaded`: the machine as it was read in the same transaction. */
    async save(loaded: Machine, changed: Machine): Promise<void> {
      const values = toValues(changed);
      const columns = changedColumns(toValues(loaded), values);
      if (columns.length > 0) await executor.all(updateOf(columns), values);
    },
    /**
     * Inside a write, no other transaction can change this machine, or load it for a change, until
     * this one ends.
     */
    async byId(id: string): Promise<Machine | undefined> {
      const [row] = await executor.all(executor.hasOtherWriters ? selectByIdToChange : selectById, { id });
      return row && fromRow(row);
    },
    /** The same lock, with few columns: the facts of a device are most of its row. */
    async connectionOf(id: string): Promise<MachineConnection | undefined> {
      const [row] = await executor.all(executor.hasOtherWriters ? selectConnectionToChange : selectConnection, { id });
      return (
        row && {
          id,
          linked: row.linked === 1,
          connectionEpoch: row.link_epoch,
          journalId: row.journal_id,
          lastOrderSeq: row.last_order_seq,
          quarantined: row.quarantined === 1,
          quarantineReason: row.quarantine_reason,
          isRetired: row.retired_at_ms !== null,
        }
      );
    },
    /**
     * The same lock, without a round trip: the unit is repeated unless the machine's newest
     * connection is still this one. False where a unit may assume nothing; then nothing was asked.
     */
    async assumeConnection(id: string, connectionEpoch: number): Promise<boolean> {
      if (!executor.assume) return false;
      await executor.assume(selectEpochToChange, { id, link_epoch: connectionEpoch });
      return true;
    },
    /** For readers, so it takes no lock. */
    async presenceOf(id: string): Promise<MachinePresence | undefined> {
      const [row] = await executor.all(selectPresence, { id });
      return (
        row && {
          linked: row.linked === 1,
          lastSeenMs: row.last_seen_ms,
          hasConnected: row.journal_id !== null,
          quarantined: row.quarantined === 1,
        }
      );
    },
    async saveLastOrderSeq(id: string, lastOrderSeq: number): Promise<void> {
      await executor.all(updateLastOrderSeq, { id, last_order_seq: lastOrderSeq });
    },
    /**
     * Several machines may have the same name, because names are reported by devices or chosen by
     * operators. Machines in use come first, then retired ones; removed ones are left out.
     */
    async byName(computerDnsName: string): Promise<Machine[]> {
      return (await executor.all(selectByName, { computer_dns_name: asciiLower(computerDnsName) })).map(fromRow);
    },
    /**
     * One page of the machines that a caller may see. `graceMs`: see `healthStatus` in
     * `domain/machines/machine.ts`.
     */
    list(query: ListQuery, selection: MachineSelection, graceMs: number): Promise<ListPage<Machine>> {
      return listMachines(executor, query, selection, graceMs, fromRow);
    },
    count(query: ListQuery, selection: MachineSelection, graceMs: number): Promise<number> {
      return countMachines(executor, query.filter, selection, { asOfMs: query.asOfMs, graceMs });
    },

    /**
     * Machines that reported this address, or connected from it. Searches the text of the facts, so
     * the caller must check the result.
     */
    async withAddress(ip: string, limit: number): Promise<Machine[]> {
      const lower = asciiLower(ip);
      const quoted = `"ipaddress":${JSON.stringify(lower)}`;
      return (await executor.all(selectByAddress, { quoted, ip: lower, limit })).map(fromRow);
    },

    /** Ids of machines that are marked as connected to this node; a limited number. */
    async connectedTo(nodeId: string, limit: number): Promise<string[]> {
      return (await executor.all(selectConnectedTo, { node_id: nodeId, limit })).map(({ id }) => id);
    },
    /** Ids of machines that were retired, or put in quarantine by hand, after `sinceMs`. */
    async retiredSince(sinceMs: number, limit: number): Promise<string[]> {
      return (await executor.all(selectRetiredSince, { since_ms: sinceMs, limit })).map(({ id }) => id);
    },
    /** Number of machines in quarantine. */
    async quarantinedCount(): Promise<number> {
      const [row] = await executor.all(countQuarantined, {});
      return Number(row?.count ?? 0);
    },
    /** The nodes to which machines are marked as connected. */
    async nodesWithConnections(): Promise<string[]> {
      return (await executor.all(selectNodesWithConnections, {})).map((row) => row.node_id ?? "");
    },

    async addKey(key: { machineId: string; publicKey: string; fromMs: number; enrolledWith: string }): Promise<void> {
      await executor.all(insertKey, {
        machine_id: key.machineId,
        public_key: key.publicKey,
        valid_from_ms: key.fromMs,
        enrolled_with: key.enrolledWith,
      });
    },
    /**
     * Raw public keys (base64url) that a machine may use at a time. The start of a key's validity
     * is not checked: it is in the store, so it was registered. If the server's clock jumped into
     * the past, no device could connect.
     */
    async keysOf(machineId: string, nowMs: number): Promise<string[]> {
      return (await executor.all(selectKeys, { machine_id: machineId, now_ms: nowMs })).map((row) => row.public_key);
    },
    async byKey(publicKey: string): Promise<{ machineId: string; enrolledWith: string } | undefined> {
      const [row] = await executor.all(selectByKey, { public_key: publicKey });
      return row && { machineId: row.machine_id, enrolledWith: row.enrolled_with };
    },
    /**
     * When a machine was enrolled, and the id of the token that it used; undefined without a key.
     */
    async enrollmentOf(machineId: string): Promise<{ atMs: number; tokenId: string | null } | undefined> {
      const [row] = await executor.all(selectEnrollment, { machine_id: machineId });
      return row && { atMs: row.valid_from_ms, tokenId: row.token_id };
    },
  };
}

const insert = statement<MachineValues>()((db, p) =>
  db.insertInto("machine").values({
    id: p.id,
    computer_dns_name: p.computer_dns_name,
    facts: p.facts,
    features: p.features,
    tags: p.tags,
    first_seen_ms: p.first_seen_ms,
    last_seen_ms: p.last_seen_ms,
    last_external_ip: p.last_external_ip,
    linked: p.linked,
    node_id: p.node_id,
    link_epoch: p.link_epoch,
    journal_id: p.journal_id,
    last_order_seq: p.last_order_seq,
    quarantined: p.quarantined,
    quarantine_reason: p.quarantine_reason,
    continuity: p.continuity,
    group_id: p.group_id,
    display_name: p.display_name,
    retired_at_ms: p.retired_at_ms,
    retired_by: p.retired_by,
    retire_reason: p.retire_reason,
    removed_at_ms: p.removed_at_ms,
    secret_key: p.secret_key,
    last_ip: p.last_ip,
    os_platform: p.os_platform,
    version: p.version,
    os_version: p.os_version,
    os_build: p.os_build,
    os_architecture: p.os_architecture,
    os_processor: p.os_processor,
    agent_version: p.agent_version,
  }),
);

const updateOf = statementsByColumns((columns: readonly (keyof MachineValues)[]) =>
  statement<MachineValues>()((db, p) => db.updateTable("machine").set(onlyColumns(p, columns)).where("id", "=", p.id)),
);

const selectById = statement<{ id: string }>()((db, p) => db.selectFrom("machine").selectAll().where("id", "=", p.id));

// The row is the lock for the machine and all its actions: a transaction that decides about them
// loads it first. A weaker lock than that of a key change, which would wait for every insert that
// refers to the row.
const selectByIdToChange = statement<{ id: string }>()((db, p) =>
  db.selectFrom("machine").selectAll().where("id", "=", p.id).forNoKeyUpdate(),
);

const CONNECTION_COLUMNS = [
  "linked",
  "link_epoch",
  "journal_id",
  "last_order_seq",
  "quarantined",
  "quarantine_reason",
  "retired_at_ms",
] as const;

const selectConnection = statement<{ id: string }>()((db, p) =>
  db.selectFrom("machine").select(CONNECTION_COLUMNS).where("id", "=", p.id),
);

const selectConnectionToChange = statement<{ id: string }>()((db, p) =>
  db.selectFrom("machine").select(CONNECTION_COLUMNS).where("id", "=", p.id).forNoKeyUpdate(),
);

const selectEpochToChange = statement<{ id: string; link_epoch: number }>()((db, p) =>
  db.selectFrom("machine").select("id").where("id", "=", p.id).where("link_epoch", "=", p.link_epoch).forNoKeyUpdate(),
);

const selectPresence = statement<{ id: string }>()((db, p) =>
  db.selectFrom("machine").select(["linked", "last_seen_ms", "journal_id", "quarantined"]).where("id", "=", p.id),
);

const updateLastOrderSeq = statement<{ id: string; last_order_seq: number }>()((db, p) =>
  db.updateTable("machine").set({ last_order_seq: p.last_order_seq }).where("id", "=", p.id),
);

const selectByName = statement<{ computer_dns_name: string }>()((db, p) =>
  db
    .selectFrom("machine")
    .selectAll()
    .where((eb) => eb(eb.fn<string>("lower", ["computer_dns_name"]), "=", p.computer_dns_name))
    .where("removed_at_ms", "is", null)
    .orderBy((eb) => eb.case().when("retired_at_ms", "is", null).then(0).else(1).end())
    .orderBy("seq")
    .limit(16),
);

const selectByAddress = statement<{ quoted: string; ip: string; limit: number }>()((db, p, dialect) =>
  db
    .selectFrom("machine")
    .selectAll()
    .where((eb) => {
      const lower = (column: "last_external_ip" | "facts") => eb.fn<string>("lower", [column]);
      return eb.or([eb(lower("last_external_ip"), "=", p.ip), eb(dialect.position(lower("facts"), p.quoted), ">", 0)]);
    })
    .where("retired_at_ms", "is", null)
    .orderBy("seq")
    .limit(p.limit),
);

// Written as a constant, because a partial index is used only for a condition that the planner can
// read.
const YES = sql.lit(1);

const selectConnectedTo = statement<{ node_id: string; limit: number }>()((db, p) =>
  db
    .selectFrom("machine")
    .select("id")
    .where("node_id", "=", p.node_id)
    .where("linked", "=", YES)
    // Nodes lock these rows in order of id. Otherwise two nodes that mark the same machines could
    // deadlock.
    .orderBy("id")
    .limit(p.limit),
);

const selectNodesWithConnections = statement<Record<never, never>>()((db) =>
  db.selectFrom("machine").select("node_id").distinct().where("linked", "=", YES),
);

const countQuarantined = statement<Record<never, never>>()((db) =>
  db.selectFrom("machine").select(sql<number>`count(*)`.as("count")).where("quarantined", "=", YES),
);

const selectRetiredSince = statement<{ since_ms: number; limit: number }>()((db, p) =>
  db
    .selectFrom("machine")
    .select("id")
    .where("retired_at_ms", ">", p.since_ms)
    .unionAll(
      db
        .selectFrom("machine")
        .select("id")
        .where("quarantined", "=", YES)
        .where("quarantine_reason", "is not", null)
        .where("last_seen_ms", ">", p.since_ms),
    )
    .limit(p.limit),
);

const insertKey = statement<{ machine_id: string; public_key: string; valid_from_ms: number; enrolled_with: string }>()(
  (db, p) =>
    db.insertInto("machine_key").values({
      machine_id: p.machine_id,
      public_key: p.public_key,
      valid_from_ms: p.valid_from_ms,
      valid_until_ms: null,
      enrolled_with: p.enrolled_with,
    }),
);

const selectKeys = statement<{ machine_id: string; now_ms: number }>()((db, p) =>
  db
    .selectFrom("machine_key")
    .select("public_key")
    .where("machine_id", "=", p.machine_id)
    .where((or) => or.or([or("valid_until_ms", "is", null), or("valid_until_ms", ">", p.now_ms)])),
);

const selectByKey = statement<{ public_key: string }>()((db, p) =>
  db.selectFrom("machine_key").select(["machine_id", "enrolled_with"]).where("public_key", "=", p.public_key),
);

const selectEnrollment = statement<{ machine_id: string }>()((db, p) =>
  db
    .selectFrom("machine_key")
    .leftJoin("enrollment_token", "enrollment_token.token_sha256", "machine_key.enrolled_with")
    .select(["machine_key.valid_from_ms", "enrollment_token.id as token_id"])
    .where("machine_key.machine_id", "=", p.machine_id)
    .orderBy("machine_key.valid_from_ms")
    .limit(1),
);
