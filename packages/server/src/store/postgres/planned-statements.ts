import type { Compilable, Kysely } from "kysely";
import type { Schema } from "../schema.ts";
import { type Bound, bindValues, type Statement, StatementCompiler } from "../statement.ts";
import { POSTGRES_ENGINE } from "./postgres-engine.ts";
import type { PlannedQuery } from "./statement-batch.ts";

/** Names under which statements are prepared, the same on every connection of a store. */
export class PlannedStatements {
  readonly #compiler = new StatementCompiler(POSTGRES_ENGINE);
  readonly #names = new WeakMap<object, string>();
  #count = 0;

  plan<P extends Record<string, Bound>, O>(
    statement: Statement<P, O>,
    params: P,
  ): { query: PlannedQuery; returnsRows: boolean } {
    const compiled = this.#compiler.compile(statement);
    let name = this.#names.get(compiled);
    if (name === undefined) {
      this.#count += 1;
      name = `halligan_${this.#count}`;
      this.#names.set(compiled, name);
    }
    const query = { name, text: compiled.sql, values: bindValues(compiled, params) };
    return { query, returnsRows: compiled.returnsRows };
  }

  planOnce<O>(build: (db: Kysely<Schema>) => Compilable<O>): PlannedQuery {
    const { sql, values } = this.#compiler.compileOnce(build);
    return { name: null, text: sql, values };
  }
}
