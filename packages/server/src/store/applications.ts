import { isPermission, type Permission } from "@halligan/protocol/api";
import type { Selectable } from "kysely";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { ApplicationTable } from "./schema.ts";
import { type Executor, statement } from "./statement.ts";

export interface Application {
  clientId: string;
  name: string;
  /** Null for one that signs its token requests with a key. */
  secretSha256: string | null;
  roles: readonly Permission[];
  /** Public keys (JWK) with which it signs its token requests. */
  keys: readonly Record<string, unknown>[];
  createdAtMs: number;
}

/**
 * The column takes no null. No SHA-256 is empty, so an older server refuses every secret for it
 * too.
 */
const NO_SECRET = "";

export type Applications = ReturnType<typeof applications>;

export function applications(executor: Executor) {
  return {
    async insert(application: Application): Promise<void> {
      await executor.all(insert, {
        client_id: application.clientId,
        name: application.name,
        secret_sha256: application.secretSha256 ?? NO_SECRET,
        roles: JSON.stringify(application.roles),
        keys: JSON.stringify(application.keys),
        created_at_ms: application.createdAtMs,
      });
    },
    /** Ids are stored in lower case, as every id here, and found in any. */
    async byClientId(clientId: string): Promise<Application | undefined> {
      const [row] = await executor.all(selectById, { client_id: clientId.toLowerCase() });
      return row && fromRow(row);
    },
    async list(): Promise<Application[]> {
      return (await executor.all(selectAll, {})).map(fromRow);
    },
    /** False when there is none, or it has no secret. */
    async removeSecret(clientId: string): Promise<boolean> {
      return (await executor.all(removeSecret, { client_id: clientId.toLowerCase() })).length > 0;
    },
    /** False when there is no such application, or it was removed before. */
    async remove(clientId: string, nowMs: number): Promise<boolean> {
      return (await executor.all(remove, { client_id: clientId.toLowerCase(), now_ms: nowMs })).length > 0;
    },
  };
}

const insert = statement<{
  client_id: string;
  name: string;
  secret_sha256: string;
  roles: string;
  keys: string;
  created_at_ms: number;
}>()((db, p) =>
  db.insertInto("application").values({
    client_id: p.client_id,
    name: p.name,
    secret_sha256: p.secret_sha256,
    roles: p.roles,
    keys: p.keys,
    created_at_ms: p.created_at_ms,
    removed_at_ms: null,
  }),
);

const selectById = statement<{ client_id: string }>()((db, p) =>
  db.selectFrom("application").selectAll().where("client_id", "=", p.client_id).where("removed_at_ms", "is", null),
);

const selectAll = statement<Record<never, never>>()((db) =>
  db
    .selectFrom("application")
    .selectAll()
    .where("removed_at_ms", "is", null)
    .orderBy("created_at_ms")
    .orderBy("client_id"),
);

const removeSecret = statement<{ client_id: string }>()((db, p) =>
  db
    .updateTable("application")
    .set({ secret_sha256: NO_SECRET })
    .where("client_id", "=", p.client_id)
    .where("removed_at_ms", "is", null)
    .where("secret_sha256", "!=", NO_SECRET)
    .returning("client_id"),
);

const remove = statement<{ client_id: string; now_ms: number }>()((db, p) =>
  db
    .updateTable("application")
    .set({ removed_at_ms: p.now_ms })
    .where("client_id", "=", p.client_id)
    .where("removed_at_ms", "is", null)
    .returning("client_id"),
);

const StoredKeys = Compile(Type.Array(Type.Record(Type.String(), Type.Unknown())));
const StoredRoles = Compile(Type.Array(Type.String()));

function fromRow(row: Selectable<ApplicationTable>): Application {
  const roles: unknown = JSON.parse(row.roles);
  if (!StoredRoles.Check(roles)) throw new Error("the store holds roles of another shape");
  const keys: unknown = JSON.parse(row.keys);
  if (!StoredKeys.Check(keys)) throw new Error("the store holds keys of another shape");
  return {
    clientId: row.client_id,
    name: row.name,
    secretSha256: row.secret_sha256 === NO_SECRET ? null : row.secret_sha256,
    roles: roles.filter(isPermission),
    keys,
    createdAtMs: row.created_at_ms,
  };
}
