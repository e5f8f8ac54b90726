import { sql } from "kysely";
import { COMMAND_INDEX, IS_OF_ACTION, keyOf } from "../results/command-end-key.ts";
import { type Executor, statement } from "../statement.ts";

export type SignedEnds = ReturnType<typeof signedEnds>;

/**
 * What devices signed about the ends of commands. Kept as long as the action, also after the bytes
 * of its results were removed.
 */
export function signedEnds(executor: Executor) {
  return {
    /** Only the first end of a command is kept. */
    async insert(end: {
      actionId: string;
      index: number;
      payload: string;
      signature: string;
      publicKey: string;
    }): Promise<void> {
      await executor.all(insert, {
        action_id: end.actionId,
        command_index: end.index,
        payload: end.payload,
        signature: end.signature,
        public_key: end.publicKey,
      });
    },
    async of(actionId: string): Promise<{ index: number; payload: string; signature: string; publicKey: string }[]> {
      const rows = await executor.all(selectOf, { action_id: actionId });
      const old = await executor.all(selectOld, { action_id: actionId });
      return [...old, ...rows.filter(hasSignature)].map(
        ({ command_index: index, payload, signature, public_key: publicKey }) => ({
          index,
          payload,
          signature,
          publicKey,
        }),
      );
    },
    /** Those that an earlier release stored. The others are removed with their action. */
    async removeOf(actionId: string): Promise<void> {
      await executor.all(removeOld, { action_id: actionId });
    },
  };
}

type SignedEndRow = {
  action_id: string;
  command_index: number;
  payload: string;
  signature: string;
  public_key: string;
};

const insert = statement<SignedEndRow>()((db, p) =>
  db
    .insertInto("command_end")
    .columns(["key", "payload", "signature", "public_key"])
    .expression((action) =>
      action
        .selectFrom("machine_action")
        .select([
          keyOf(p.command_index).as("key"),
          sql<string>`${p.payload}`.as("payload"),
          sql<string>`${p.signature}`.as("signature"),
          sql<string>`${p.public_key}`.as("public_key"),
        ])
        .where("id", "=", p.action_id),
    )
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet((eb) => ({
          payload: eb.ref("excluded.payload"),
          signature: eb.ref("excluded.signature"),
          public_key: eb.ref("excluded.public_key"),
        }))
        .where("command_end.payload", "is", null),
    ),
);

const selectOf = statement<{ action_id: string }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .innerJoin("command_end", (join) => join.on(IS_OF_ACTION))
    .select([COMMAND_INDEX.as("command_index"), "payload", "signature", "public_key"])
    .where("machine_action.id", "=", p.action_id)
    .where("payload", "is not", null)
    .orderBy("command_end.key"),
);

const selectOld = statement<{ action_id: string }>()((db, p) =>
  db
    .selectFrom("signed_end")
    .select(["command_index", "payload", "signature", "public_key"])
    .where("action_id", "=", p.action_id)
    .orderBy("command_index"),
);

const removeOld = statement<{ action_id: string }>()((db, p) =>
  db.deleteFrom("signed_end").where("action_id", "=", p.action_id),
);

type StoredEnd = { payload: string | null; signature: string | null; public_key: string | null };

function hasSignature<R extends StoredEnd>(
  row: R,
): row is R & { payload: string; signature: string; public_key: string } {
  return row.payload !== null && row.signature !== null && row.public_key !== null;
}
