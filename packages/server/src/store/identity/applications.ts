import { isPermission, type Permission } from "@halligan/protocol/api";
import type { Selectable } from "kysely";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { ApplicationSecret } from "../../domain/identity/application-secret.ts";
import type { ApplicationSecretTable, ApplicationTable } from "../schema.ts";
import { type Executor, statement } from "../statement.ts";

export interface Application {
  clientId: string;
  name: string;
  /** Oldest first. Empty for an application that signs its token requests with a key. */
  secrets: readonly ApplicationSecret[];
  roles: readonly Permission[];
  /** Public keys (JWK) with which it signs its token requests. */
  keys: readonly Record<string, unknown>[];
  createdAtMs: number;
  /** Id of the account to which it belongs; null when it has an account of its own. */
  ownerId: string | null;
  /** Access tokens and result links of another generation are refused. */
  tokenGeneration: number;
}

/**
 * Id of the secret of an application that an older release created. That secret has a column of its
 * own.
 */
const FIRST_SECRET = "first";
/**
 * The old column cannot be null. No SHA-256 is empty, so an older server refuses every secret for
 * the application too.
 */
const NO_SECRET = "";

export type Applications = ReturnType<typeof applications>;

export function applications(executor: Executor) {
  const insertSecret = async (clientId: string, secret: ApplicationSecret): Promise<void> => {
    await executor.all(insertOneSecret, {
      id: secret.id,
      client_id: clientId.toLowerCase(),
      sha256: secret.sha256,
      created_at_ms: secret.createdAtMs,
      expires_at_ms: secret.expiresAtMs,
    });
  };
  return {
    async insert(application: Application): Promise<void> {
      await executor.all(insert, {
        client_id: application.clientId,
        name: application.name,
        roles: JSON.stringify(application.roles),
        keys: JSON.stringify(application.keys),
        created_at_ms: application.createdAtMs,
        owner_id: application.ownerId,
      });
      for (const secret of application.secrets) await insertSecret(application.clientId, secret);
    },
    /** Ids are stored in lower case, like every id here, and found in any case. */
    async byClientId(clientId: string): Promise<Application | undefined> {
      const client_id = clientId.toLowerCase();
      const [rows, secrets] = await Promise.all([
        executor.all(executor.hasOtherWriters ? selectByIdToChange : selectById, { client_id }),
        executor.all(selectSecretsOf, { client_id }),
      ]);
      return rows[0] && fromRow(rows[0], secrets);
    },
    async list(): Promise<Application[]> {
      const [rows, secrets] = await Promise.all([executor.all(selectAll, {}), executor.all(selectSecrets, {})]);
      const byApplication = Map.groupBy(secrets, ({ client_id }) => client_id);
      return rows.map((row) => fromRow(row, byApplication.get(row.client_id) ?? []));
    },
    insertSecret,
    /** False when it has no such secret. */
    async removeSecret(clientId: string, secretId: string): Promise<boolean> {
      const client_id = clientId.toLowerCase();
      const removed =
        secretId === FIRST_SECRET
          ? await executor.all(removeFirstSecret, { client_id })
          : await executor.all(removeOneSecret, { client_id, id: secretId });
      return removed.length > 0;
    },
    /** Removes all of its secrets. False when it has none. */
    async removeSecrets(clientId: string): Promise<boolean> {
      const client_id = clientId.toLowerCase();
      const [first, others] = await Promise.all([
        executor.all(removeFirstSecret, { client_id }),
        executor.all(removeAllSecrets, { client_id }),
      ]);
      return first.length + others.length > 0;
    },
    /** Invalidates its access tokens and result links. False when there is no such application. */
    async revokeTokens(clientId: string): Promise<boolean> {
      return (await executor.all(nextGeneration, { client_id: clientId.toLowerCase() })).length > 0;
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
  roles: string;
  keys: string;
  created_at_ms: number;
  owner_id: string | null;
}>()((db, p) =>
  db.insertInto("application").values({
    client_id: p.client_id,
    name: p.name,
    secret_sha256: NO_SECRET,
    roles: p.roles,
    keys: p.keys,
    created_at_ms: p.created_at_ms,
    removed_at_ms: null,
    owner_id: p.owner_id,
  }),
);

const selectById = statement<{ client_id: string }>()((db, p) =>
  db.selectFrom("application").selectAll().where("client_id", "=", p.client_id).where("removed_at_ms", "is", null),
);

const selectByIdToChange = statement<{ client_id: string }>()((db, p) =>
  db
    .selectFrom("application")
    .selectAll()
    .where("client_id", "=", p.client_id)
    .where("removed_at_ms", "is", null)
    .forUpdate(),
);

const selectAll = statement<Record<never, never>>()((db) =>
  db
    .selectFrom("application")
    .selectAll()
    .where("removed_at_ms", "is", null)
    .orderBy("created_at_ms")
    .orderBy("client_id"),
);

const selectSecretsOf = statement<{ client_id: string }>()((db, p) =>
  db
    .selectFrom("application_secret")
    .selectAll()
    .where("client_id", "=", p.client_id)
    .orderBy("created_at_ms")
    .orderBy("id"),
);

const selectSecrets = statement<Record<never, never>>()((db) =>
  db.selectFrom("application_secret").selectAll().orderBy("created_at_ms").orderBy("id"),
);

const insertOneSecret = statement<{
  id: string;
  client_id: string;
  sha256: string;
  created_at_ms: number;
  expires_at_ms: number | null;
}>()((db, p) =>
  db.insertInto("application_secret").values({
    id: p.id,
    client_id: p.client_id,
    sha256: p.sha256,
    created_at_ms: p.created_at_ms,
    expires_at_ms: p.expires_at_ms,
  }),
);

const removeOneSecret = statement<{ client_id: string; id: string }>()((db, p) =>
  db.deleteFrom("application_secret").where("client_id", "=", p.client_id).where("id", "=", p.id).returning("id"),
);

const removeAllSecrets = statement<{ client_id: string }>()((db, p) =>
  db.deleteFrom("application_secret").where("client_id", "=", p.client_id).returning("id"),
);

const removeFirstSecret = statement<{ client_id: string }>()((db, p) =>
  db
    .updateTable("application")
    .set({ secret_sha256: NO_SECRET })
    .where("client_id", "=", p.client_id)
    .where("removed_at_ms", "is", null)
    .where("secret_sha256", "!=", NO_SECRET)
    .returning("client_id"),
);

const nextGeneration = statement<{ client_id: string }>()((db, p) =>
  db
    .updateTable("application")
    .set((eb) => ({ token_generation: eb("token_generation", "+", 1) }))
    .where("client_id", "=", p.client_id)
    .where("removed_at_ms", "is", null)
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

function fromRow(
  row: Selectable<ApplicationTable>,
  secrets: readonly Selectable<ApplicationSecretTable>[],
): Application {
  const roles: unknown = JSON.parse(row.roles);
  if (!StoredRoles.Check(roles)) throw new Error("the stored roles do not match their schema");
  const keys: unknown = JSON.parse(row.keys);
  if (!StoredKeys.Check(keys)) throw new Error("the stored keys do not match their schema");
  const first: ApplicationSecret[] =
    row.secret_sha256 === NO_SECRET
      ? []
      : [{ id: FIRST_SECRET, sha256: row.secret_sha256, createdAtMs: row.created_at_ms, expiresAtMs: null }];
  return {
    clientId: row.client_id,
    name: row.name,
    secrets: [...first, ...secrets.map(secretOf)],
    roles: roles.filter(isPermission),
    keys,
    createdAtMs: row.created_at_ms,
    ownerId: row.owner_id,
    tokenGeneration: row.token_generation,
  };
}

const secretOf = (row: Selectable<ApplicationSecretTable>): ApplicationSecret => ({
  id: row.id,
  sha256: row.sha256,
  createdAtMs: row.created_at_ms,
  expiresAtMs: row.expires_at_ms,
});
