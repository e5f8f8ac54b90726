import type { Compilable, Kysely } from "kysely";
import { POSTGRES_DIALECT } from "../postgres-dialect.ts";
import type { Schema } from "../schema.ts";
import { type Bound, bindValues, type Statement, StatementCompiler } from "../statement.ts";
import type { PlannedQuery } from "./statement-batch.ts";

/** Names of the prepared statements, the same on every connection of a store. */
export class PlannedStatements {
  readonly #compiler = new StatementCompiler(POSTGRES_DIALECT);
  readonly #names = new WeakMap<object, string>();
  readonly #ofOneRow = new WeakMap<object, { name: string; text: string }>();
  #count = 0;

  plan<P extends Record<string, Bound>, O>(
    statement: Statement<P, O>,
    params: P,
  ): { query: PlannedQuery; returnsRows: boolean } {
    const compiled = this.#compiler.compile(statement);
    let name = this.#names.get(compiled);
    if (name === undefined) {
      name = this.#nextName();
      this.#names.set(compiled, name);
    }
    const query = { name, text: compiled.sql, values: bindValues(compiled, params) };
    return { query, returnsRows: compiled.returnsRows };
  }

  /**
   * Fails with `division_by_zero` unless it changes or finds exactly one row, so that the database
   * refuses the statements after it.
   */
  planCompareAndSet<P extends Record<string, Bound>>(statement: Statement<P, unknown>, params: P): PlannedQuery {
    const compiled = this.#compiler.compile(statement);
    let named = this.#ofOneRow.get(compiled);
    if (named === undefined) {
      const rows = compiled.returnsRows ? compiled.sql : `${compiled.sql} returning 1`;
      const text = `with met as (${rows}) select 1 / (count(*) = 1)::int from met`;
      named = { name: this.#nextName(), text };
      this.#ofOneRow.set(compiled, named);
    }
    return { ...named, values: bindValues(compiled, params) };
  }

  planOnce<O>(build: (db: Kysely<Schema>) => Compilable<O>): PlannedQuery {
    const { sql, values } = this.#compiler.compileOnce(build);
    return { name: null, text: sql, values };
  }

  #nextName(): string {
    this.#count += 1;
    return `halligan_${this.#count}`;
  }
}
