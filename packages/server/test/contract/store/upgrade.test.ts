import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { Kysely, PostgresDialect, type RawBuilder, SqliteDialect, sql } from "kysely";
import pg from "pg";
import { MIGRATIONS } from "../../../src/store/migrations/index.ts";
import { migrateToLatest } from "../../../src/store/migrations/migrate.ts";
import { POSTGRES_COLUMNS } from "../../../src/store/postgres/postgres-columns.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { JOURNAL_ID, MACHINE_ID, sampleCommand, sampleMachine } from "../../unit/domain/sample-action.ts";

type Run = (statement: RawBuilder<unknown>) => Promise<Record<string, unknown>[]>;
interface Old {
  /**
   * Runs a statement as the previous release would, on the same database with its present schema.
   */
  readonly run: Run;
  readonly open: () => Promise<Store>;
}

const ACTION_ID = "00000000-0000-4000-8000-000000000001";
/** Removed by retention before the upgrade. */
const REMOVED_ID = "00000000-0000-4000-8000-000000000009";
const FIRST = "0001-first-light";
const facts = JSON.stringify(sampleMachine().facts);
const { finishedAtMs: _, ...command } = sampleCommand({
  status: "Completed",
  startedAtMs: 1_500,
  endedAtMs: 1_600,
  result: { kind: "inline", sha256: "c".repeat(64), sizeBytes: 4 },
});
const commands = JSON.stringify([command]);

/**
 * Written as the first release wrote it, but without its code: the code no longer exists, and its
 * rows still do.
 */
const insertMachine = (id: string, linked: number) => sql`insert into machine (id, computer_dns_name, facts, tags,
  first_seen_ms, last_seen_ms, last_external_ip, linked, link_epoch, journal_id, last_order_seq, quarantined, group_id, last_ip,
  os_platform, version, os_version, os_build, os_architecture, os_processor, agent_version)
  values (${id}, 'lab-1', ${facts}, '["tier-1"]', 1000, 2000, '192.0.2.1', ${linked}, 3, ${JOURNAL_ID}, 7, 0, 0, '192.0.2.1',
  'Linux', '12', null, null, '64-bit', null, '0.1.0')`;
const insertAction = (id: string, machineId: string, status: string) => sql`insert into machine_action (id, machine_id,
  computer_dns_name, type, status, requestor, requestor_id, comment, created_at_ms, updated_at_ms, deadline_ms, cancellation,
  error_hresult, commands, order_seq, order_state, order_journal_id, order_link_epoch, order_claimed_at_ms, holds_place,
  place_until_ms, keeps_results, version)
  values (${id}, ${machineId}, 'lab-1', 'LiveResponse', ${status}, 'playbook', 'client-1', 'why', 1000, 1600, null, null,
  0, ${commands}, 7, 'closed', ${JOURNAL_ID}, 3, 1200, 0, null, 1, 4)`;

const fill = async (run: Run) => {
  await run(insertMachine(MACHINE_ID, 1));
  await run(sql`insert into machine_key (machine_id, public_key, valid_from_ms, valid_until_ms, enrolled_with)
    values (${MACHINE_ID}, 'key', 1000, null, 'token-1')`);
  await run(insertAction(ACTION_ID, MACHINE_ID, "Succeeded"));
  await run(
    sql`insert into inline_result (action_id, command_index, content) values (${ACTION_ID}, 0, ${Buffer.from("said")})`,
  );
  await run(sql`insert into result_upload (result_id, action_id, size_bytes, sha256, completed_at_ms)
    values (${"d".repeat(64)}, ${ACTION_ID}, 5000000000, ${"e".repeat(64)}, 1550)`);
  await run(sql`insert into library_file (file_name, sha256, size_bytes, description, has_parameters, parameters_description,
    created_by, created_at_ms, updated_by, updated_at_ms, ended_at_ms)
    values ('collect.sh', ${"f".repeat(64)}, 12, null, 0, null, 'a', 1, 'a', 1, null)`);
  await run(sql`insert into application (client_id, name, secret_sha256, roles, keys, created_at_ms, removed_at_ms)
    values ('client-1', 'playbook', 'x', '["Machine.Read.All"]', '[]', 1, null)`);
  await run(sql`insert into library_file (file_name, sha256, size_bytes, description, has_parameters, parameters_description,
    created_by, created_at_ms, updated_by, updated_at_ms, ended_at_ms)
    values ('unrecorded.sh', ${"f".repeat(64)}, 12, null, 0, null, 'a', 1, 'a', 2, null)`);
  await run(sql`insert into application (client_id, name, secret_sha256, roles, keys, created_at_ms, removed_at_ms)
    values ('client-2', 'administrator', 'x', '["Halligan.Admin"]', '[]', 1, null)`);
  await run(sql`insert into audit (at_ms, actor, actor_id, operation, machine_id, action_id, detail)
    values (1, 'a', 'client-1', 'AddLibraryFile', null, null, '{"fileName":"collect.sh"}')`);
  await run(sql`insert into audit (at_ms, actor, actor_id, operation, machine_id, action_id, detail)
    values (1000, 'playbook', 'client-1', 'RunLiveResponse', ${MACHINE_ID}, ${ACTION_ID}, '{}')`);
  await run(sql`insert into audit (at_ms, actor, actor_id, operation, machine_id, action_id, detail)
    values (1, 'playbook', 'client-1', 'RunLiveResponse', ${MACHINE_ID}, ${REMOVED_ID}, '{}')`);
  await run(sql`insert into meta (key, value) values ('tenant', 'tenant-1')`);
};

function describeUpgrade(engine: string, withFirstRelease: (work: (old: Old) => Promise<void>) => Promise<void>): void {
  test(`${engine}: what the first release wrote is all there after the upgrade`, () =>
    withFirstRelease(async ({ run, open }) => {
      await fill(run);
      const store = await open();
      try {
        await store.read(async (tx) => {
          const machine = await tx.machines.byId(MACHINE_ID);
          assert.deepEqual(
            [machine?.tags, machine?.connectionEpoch, machine?.lastOrderSeq, machine?.journalId],
            [["tier-1"], 3, 7, JOURNAL_ID],
          );
          // The node of the connection is unknown. The starting server must be able to mark it as
          // closed.
          assert.deepEqual([machine?.linked, await tx.machines.nodesWithConnections()], [true, [machine?.nodeId]]);
          assert.deepEqual(await tx.machines.connectedTo(machine?.nodeId ?? "none", 10), [MACHINE_ID]);
          assert.deepEqual(await tx.machines.keysOf(MACHINE_ID, 2_000), ["key"]);
          const action = await tx.actions.byId(ACTION_ID);
          assert.deepEqual([action?.status, action?.order?.orderSeq, action?.version], ["Succeeded", 7, 4]);
          assert.deepEqual(
            [action?.finalAtMs, action?.order?.sentAtMs, action?.commands[0]?.finishedAtMs],
            [null, null, null],
          );
          assert.equal(Buffer.from((await tx.results.inline(ACTION_ID, 0)) ?? []).toString(), "said");
          assert.deepEqual(await tx.results.upload("d".repeat(64)), {
            sizeBytes: 5_000_000_000,
            sha256: "e".repeat(64),
          });
          assert.equal((await tx.library.byName("collect.sh"))?.sizeBytes, 12);
          const application = await tx.applications.byClientId("client-1");
          assert.deepEqual(
            [application?.name, application?.secrets, application?.ownerId, application?.tokenGeneration],
            ["playbook", [{ id: "first", sha256: "x", createdAtMs: 1, expiresAtMs: null }], null, 0],
          );
          // Applications that could give themselves every permission have the new ones; the others
          // keep their permissions.
          assert.deepEqual(application?.roles, ["Machine.Read.All"]);
          assert.deepEqual((await tx.applications.byClientId("client-2"))?.roles, [
            "Halligan.Admin",
            "Halligan.Library.Override",
            "Halligan.Library.Approve",
          ]);
          // The record of an upload names its owner. A file without a record has no owner.
          assert.equal((await tx.library.byName("collect.sh"))?.ownerId, "client-1");
          assert.equal((await tx.library.byName("unrecorded.sh"))?.ownerId, null);
          assert.deepEqual((await tx.deviceGroups.byId(0))?.isOpenToUsers, true);
          const filter = { machineId: MACHINE_ID, actionId: null, actorId: null, beforeSeq: null, limit: 9 };
          const [record] = (await tx.audit.list({ ...filter, operations: null }, { kind: "all" })).records;
          assert.deepEqual(
            [record?.operation, record?.actorId, record?.actorKind, record?.application, record?.address],
            ["RunLiveResponse", "client-1", null, null, null],
          );
          for (const actionId of [ACTION_ID, REMOVED_ID]) {
            const ofAction = { ...filter, machineId: null, actionId, operations: null };
            const { records } = await tx.audit.list(ofAction, { kind: "all" });
            assert.deepEqual(
              records.map(({ actionId }) => actionId),
              [actionId],
            );
          }
        });
        assert.equal(await store.write((tx) => tx.meta.getOrSet("tenant", () => "another")), "tenant-1");
      } finally {
        await store.close();
      }
    }));

  test(`${engine}: the release before still works on the schema of this one, so that nodes can be upgraded one by one`, () =>
    withFirstRelease(async ({ run, open }) => {
      const store = await open();
      try {
        await fill(run);
        const id = "b".repeat(40);
        await run(insertMachine(id, 0));
        await run(
          sql`update machine set linked = 1, link_epoch = 4, last_order_seq = 8, last_seen_ms = 3000 where id = ${id}`,
        );
        await run(insertAction("00000000-0000-4000-8000-000000000002", id, "InProgress"));
        await run(
          sql`update machine_action set status = 'Failed', version = 5 where machine_id = ${id} and version = 4`,
        );
        await store.read(async (tx) => {
          assert.deepEqual((await tx.machines.byId(id))?.lastOrderSeq, 8);
          assert.equal((await tx.actions.byId("00000000-0000-4000-8000-000000000002"))?.status, "Failed");
        });
        await assert.rejects(
          async () => {
            await run(insertAction("00000000-0000-4000-8000-000000000003", id, "Pending"));
            await run(insertAction("00000000-0000-4000-8000-000000000004", id, "Pending"));
          },
          /unique/i,
          "the rules of the schema hold for it as well",
        );
      } finally {
        await store.close();
      }
    }));
}

const first = () => {
  const migration = MIGRATIONS[FIRST];
  if (!migration) throw new Error("the first migration is gone; it is never edited or removed after its release");
  return { [FIRST]: migration };
};

describeUpgrade("SQLite", async (work) => {
  const folder = await mkdtemp(join(tmpdir(), "halligan-upgrade-"));
  const file = join(folder, "halligan.db");
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new Database(file) }) });
  try {
    await migrateToLatest(db, first());
    await work({
      run: async (statement) => (await statement.execute(db)).rows.map((row) => ({ ...Object(row) })),
      open: () => SqliteStore.open(file),
    });
  } finally {
    await db.destroy();
    await rm(folder, { recursive: true, force: true });
  }
});

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`upgrade on PostgreSQL (${postgres})`, { skip: postgres });
else {
  after(() => postgres[Symbol.asyncDispose]());
  describeUpgrade("PostgreSQL", async (work) => {
    await using database = await postgres.createDatabase();
    const pool = new pg.Pool({ connectionString: database.url, max: 2 });
    // The end of a pool does not wait for its connections. Dropping the database may end one first.
    pool.on("error", () => undefined);
    const dialect = new PostgresDialect({ pool });
    const db = new Kysely<unknown>({ dialect, plugins: [POSTGRES_COLUMNS] });
    try {
      await migrateToLatest(db, first());
      await work({
        run: async (statement) => (await statement.execute(db)).rows.map((row) => ({ ...Object(row) })),
        open: () => PostgresStore.open({ url: database.url }),
      });
    } finally {
      await db.destroy();
    }
  });
}
