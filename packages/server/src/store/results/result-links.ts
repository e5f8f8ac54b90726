import { type Executor, statement } from "../statement.ts";

export type ResultLinks = ReturnType<typeof resultLinks>;

/**
 * Result links are not stored. Only the generation of an action's links is stored. A link of an
 * earlier generation is refused.
 */
export function resultLinks(executor: Executor) {
  return {
    /** Undefined when there is no such action. */
    async generationOf(actionId: string): Promise<number | undefined> {
      const [row] = await executor.all(select, { id: actionId });
      return row?.link_generation;
    },
    /** Refuses all existing links of the action from then on. */
    async revoke(actionId: string): Promise<void> {
      await executor.all(next, { id: actionId });
    },
  };
}

const select = statement<{ id: string }>()((db, p) =>
  db.selectFrom("machine_action").select("link_generation").where("id", "=", p.id),
);

const next = statement<{ id: string }>()((db, p) =>
  db
    .updateTable("machine_action")
    .set((eb) => ({ link_generation: eb("link_generation", "+", 1) }))
    .where("id", "=", p.id),
);
