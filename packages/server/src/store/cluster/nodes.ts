import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { Node, NodeFacts } from "../../domain/cluster/node-lease.ts";
import { type Executor, statement } from "../statement.ts";

export type Nodes = ReturnType<typeof nodes>;

/** The nodes of a deployment that share one database. */
export function nodes(executor: Executor) {
  return {
    /**
     * Inside a write: another transaction that registers a node waits until this one has ended, and
     * then sees its node.
     */
    async lock(): Promise<void> {
      await executor.all(lock, {});
    },
    async insert({ id, heartbeat, facts }: Node): Promise<void> {
      await executor.all(insert, { id, beat: heartbeat, facts: JSON.stringify(facts) });
    },
    /** False when the node's row is missing, because the other nodes let its lease lapse. */
    async heartbeat(id: string): Promise<boolean> {
      return (await executor.all(incrementHeartbeat, { id })).length > 0;
    },
    async all(): Promise<Node[]> {
      return (await executor.all(selectAll, {})).map(({ id, beat, facts }) => ({
        id,
        heartbeat: beat,
        facts: parseFacts(facts),
      }));
    },
    async remove(id: string): Promise<void> {
      await executor.all(remove, { id });
    },
  };
}

// Writing a row locks it in both dialects, also for a transaction that writes it for the first
// time.
const lock = statement<Record<never, never>>()((db) =>
  db
    .insertInto("meta")
    .values({ key: "nodes", value: "" })
    .onConflict((conflict) => conflict.column("key").doUpdateSet({ value: "" }))
    .returning("key"),
);

const insert = statement<{ id: string; beat: number; facts: string }>()((db, p) =>
  db.insertInto("node").values({ id: p.id, beat: p.beat, facts: p.facts }),
);

const incrementHeartbeat = statement<{ id: string }>()((db, p) =>
  db
    .updateTable("node")
    .set((eb) => ({ beat: eb("beat", "+", 1) }))
    .where("id", "=", p.id)
    .returning("id"),
);

const selectAll = statement<Record<never, never>>()((db) => db.selectFrom("node").select(["id", "beat", "facts"]));

const remove = statement<{ id: string }>()((db, p) => db.deleteFrom("node").where("id", "=", p.id));

const nullableText = Type.Union([Type.String(), Type.Null()]);
const StoredFacts = Compile(
  Type.Object({
    version: Type.String(),
    publicUrl: Type.String(),
    bus: nullableText,
    blobs: nullableText,
    keys: Type.Object({ signs: Type.Array(Type.String()), accepts: Type.Array(Type.String()) }),
  }),
);

function parseFacts(json: string): NodeFacts {
  const value: unknown = JSON.parse(json);
  if (StoredFacts.Check(value)) return value;
  throw new Error("the stored facts of a node do not match their schema");
}
