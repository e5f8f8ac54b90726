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
      return rows.map(({ command_index: index, payload, signature, public_key: publicKey }) => ({
        index,
        payload,
        signature,
        publicKey,
      }));
    },
    async removeOf(actionId: string): Promise<void> {
      await executor.all(remove, { action_id: actionId });
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
    .insertInto("signed_end")
    .values({
      action_id: p.action_id,
      command_index: p.command_index,
      payload: p.payload,
      signature: p.signature,
      public_key: p.public_key,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

const selectOf = statement<{ action_id: string }>()((db, p) =>
  db
    .selectFrom("signed_end")
    .select(["command_index", "payload", "signature", "public_key"])
    .where("action_id", "=", p.action_id)
    .orderBy("command_index"),
);

const remove = statement<{ action_id: string }>()((db, p) =>
  db.deleteFrom("signed_end").where("action_id", "=", p.action_id),
);
