import type { Btree, WalCommit } from "./wal-commits.ts";

/** The commits of each action. */
type Actions = readonly (readonly WalCommit[])[];
type Btrees = ReadonlyMap<number, Btree>;

/** A page that has become free since. */
const FREE: Btree = { name: "(free)", table: "(free)" };

/** Pages an action, by table, its indexes included; most first. */
export function pagesByTable(actions: Actions, btrees: Btrees): Map<string, number> {
  const counts = new Map<string, number>();
  for (const page of actions.flat().flatMap(({ pages }) => pages)) {
    const { table } = btrees.get(page) ?? FREE;
    counts.set(table, (counts.get(table) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return new Map(sorted.map(([table, pages]) => [table, pages / actions.length]));
}

/** Markdown: a row for each btree, a column for each commit of an action, in means. */
export function tableOfPages(actions: Actions, btrees: Btrees): string {
  const columns = Math.max(...actions.map(({ length }) => length));
  const counts = new Map<string, number[]>();
  for (const commits of actions) {
    for (const [column, { pages }] of commits.entries()) {
      for (const page of pages) {
        const { name, table } = btrees.get(page) ?? FREE;
        const key = name === table ? name : `${name} of ${table}`;
        const row = counts.get(key) ?? Array.from({ length: columns }, () => 0);
        row[column] = (row[column] ?? 0) + 1;
        counts.set(key, row);
      }
    }
  }
  const sum = (row: readonly number[]) => row.reduce((a, b) => a + b, 0);
  const cells = (row: readonly number[]) => [...row, sum(row)].map((n) => (n / actions.length).toFixed(2)).join(" | ");
  const commitNames = Array.from({ length: columns }, (_, i) => `commit ${i + 1}`);
  return [
    `| btree | ${[...commitNames, "all"].join(" | ")} |`,
    `| --- |${" --- |".repeat(columns + 1)}`,
    ...[...counts].sort(([, a], [, b]) => sum(b) - sum(a)).map(([name, row]) => `| ${name} | ${cells(row)} |`),
  ].join("\n");
}
