import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { MachineScope } from "../../../src/domain/machines/device-group.ts";
import type { Machine, MachineLife } from "../../../src/domain/machines/machine.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import { machineRecord } from "../../../src/odata/entities/machine-record.ts";
import { meets } from "../../../src/odata/evaluate.ts";
import type { Entity } from "../../../src/odata/fields.ts";
import type { Filter } from "../../../src/odata/filter.ts";
import { nextLink } from "../../../src/odata/next-link.ts";
import { FILTER_LIMITS } from "../../../src/odata/parse/parse-filter.ts";
import { type ListQuery, parseListQuery } from "../../../src/odata/query.ts";
import { countMachineActions, listMachineActions } from "../../../src/store/actions/machine-action-list.ts";
import type { ListPage } from "../../../src/store/lists/list-page.ts";
import { countMachines, listMachines } from "../../../src/store/machines/machine-list.ts";
import type { Executor } from "../../../src/store/statement.ts";
import { arbitraryFilter } from "../../unit/odata/arbitrary-filter.ts";
import { printFilter } from "../../unit/odata/print-filter.ts";
import { SEED } from "../../unit/odata/runs.ts";
import { sampleMachines } from "../../unit/odata/sample-machines.ts";
import { groupName, type ListDatabase } from "./odata-database.ts";
import { inOrder, type Stored } from "./odata-reference.ts";
import { actionRecord, sampleActions } from "./odata-sample-actions.ts";

const [NOW_MS, GRACE_MS] = [Date.UTC(2026, 0, 2), 60_000];
const ALL: MachineScope = { kind: "all" };

interface Row extends Stored {
  readonly groupId: number;
}

/** One list with its rows, for tests that work on any list. */
interface List {
  readonly title: string;
  readonly entity: Entity;
  readonly newestFirst: boolean;
  readonly rows: readonly Row[];
  page(query: ListQuery, scope: MachineScope): Promise<ListPage<number>>;
  count(filter: Filter | null, scope: MachineScope): Promise<number>;
}

const machines = sampleMachines(120, NOW_MS, GRACE_MS);
const groupOf = new Map(machines.map(({ id, groupId }) => [id, groupId]));
const actions = sampleActions(
  150,
  machines.slice(0, 40).map(({ id }) => id),
  SEED,
);
const clock = { asOfMs: NOW_MS, graceMs: GRACE_MS };
const seqOf = (row: { seq: number }): number => row.seq;

const machineList = (executor: () => Executor, life: MachineLife): Pick<List, "page" | "count"> => ({
  page: (query, scope) => listMachines(executor(), query, scopeOf(scope, life), GRACE_MS, seqOf),
  count: (filter, scope) => countMachines(executor(), filter, scopeOf(scope, life), clock),
});
const scopeOf = (scope: MachineScope, life: MachineLife) => ({ scope, life, enrollmentTokenId: null });
const rowsOf = (isListed: (machine: Machine) => boolean): Row[] =>
  machines.flatMap((machine, index) => {
    const { groupId } = machine;
    const record = machineRecord(machine, groupName(groupId), NOW_MS, GRACE_MS);
    return isListed(machine) ? [{ seq: index + 1, record, groupId }] : [];
  });

const listsOf = (executor: () => Executor): readonly List[] => [
  {
    title: "machine actions",
    entity: MACHINE_ACTIONS,
    newestFirst: true,
    rows: actions.map((action, index) => ({
      seq: index + 1,
      record: actionRecord(action),
      groupId: groupOf.get(action.machineId) ?? 0,
    })),
    page: (query, scope) => listMachineActions(executor(), query, scope, seqOf),
    count: (filter, scope) => countMachineActions(executor(), filter, scope),
  },
  {
    title: "machines",
    entity: MACHINES,
    newestFirst: false,
    rows: rowsOf(({ removedAtMs }) => removedAtMs === null),
    ...machineList(executor, "all"),
  },
  {
    title: "machines in use",
    entity: MACHINES,
    newestFirst: false,
    rows: rowsOf(({ retirement }) => retirement === null),
    ...machineList(executor, "inUse"),
  },
  {
    title: "retired machines",
    entity: MACHINES,
    newestFirst: false,
    rows: rowsOf(({ retirement, removedAtMs }) => retirement !== null && removedAtMs === null),
    ...machineList(executor, "retired"),
  },
];

function parsed(text: string | URLSearchParams, entity: Entity, defaultPage = 1_000, nowMs = NOW_MS): ListQuery {
  const query = parseListQuery(new URLSearchParams(text), entity, nowMs, { defaultPage, maxTop: 10_000, maxPage: 7 });
  if (!query.ok) throw new Error(query.error.detail);
  return query.value;
}

/** All pages. Each one is requested with the link of the previous one, an hour later. */
async function follow(list: List, first: ListQuery, pageRows: number, scope: MachineScope): Promise<number[][]> {
  const pages: number[][] = [];
  let query: ListQuery | undefined = first;
  while (query) {
    const page: ListPage<number> = await list.page(query, scope);
    pages.push([...page.rows]);
    assert.ok(pages.length <= list.rows.length + 1, "the links lead in a circle");
    const { next, rows } = page;
    const link: URL | null = next && new URL(nextLink("https://mde.example/api/list", query, next, rows.length));
    query = link ? parsed(link.searchParams, list.entity, pageRows, NOW_MS + 3_600_000) : undefined;
  }
  return pages;
}

const isInScope = fc.oneof(
  { weight: 3, arbitrary: fc.constant(ALL) },
  { weight: 1, arbitrary: fc.subarray([0, 1, 2]).map((groupIds): MachineScope => ({ kind: "groups", groupIds })) },
);
const within = (rows: readonly Row[], scope: MachineScope): readonly Row[] =>
  rows.filter(({ groupId }) => scope.kind === "all" || scope.groupIds.includes(groupId));

/**
 * Compares the SQL with the meaning of a filter, evaluated row by row. `runs`: filters for each
 * list.
 */
export function describeLists(name: string, open: () => Promise<ListDatabase>, runs: number): void {
  describe(`lists: ${name}`, () => {
    let database: ListDatabase;
    before(async () => {
      database = await open();
      await database.addMachines(machines);
      await database.addActions(actions);
    });
    after(() => database[Symbol.asyncDispose]());
    const lists = listsOf(() => database.executor);

    for (const list of lists) {
      const { entity, title } = list;

      test(`${title}: the store finds what the filter means, and counts it`, async () => {
        await fc.assert(
          fc.asyncProperty(arbitraryFilter(entity), isInScope, fc.boolean(), async (filter, scope, byFirst) => {
            const [field] = entity.fields.values();
            const sort = byFirst && field ? [{ field: field.name, descending: true }] : [];
            const query: ListQuery = { ...parsed("", entity), filter, sort };
            const expected = inOrder(
              within(list.rows, scope).filter(({ record }) => meets(filter, record)),
              sort,
              entity,
              list.newestFirst,
            );
            const text = () => printFilter(filter, entity, 1);
            const page = await list.page(query, scope);
            assert.deepEqual(page.rows, expected.map(seqOf), text());
            assert.equal(await list.count(filter, scope), expected.length, text());
          }),
          { numRuns: runs, seed: SEED },
        );
      });

      const fields = [...entity.fields.values()].filter(({ kind }) => kind !== "textList").map(({ name }) => name);
      const orders = fc
        .tuple(fc.subarray(fields, { maxLength: 3 }), fc.infiniteStream(fc.boolean()))
        .map(([names, ways]) => names.map((name) => `${name}${ways.next().value ? " desc" : ""}`).join(","));

      test(`${title}: the pages together are the list, every row once and in order, whatever ties there are`, async () => {
        const options = fc.record({
          order: orders,
          filter: fc.option(arbitraryFilter(entity, 1)),
          top: fc.option(fc.nat(40)),
          skip: fc.option(fc.nat(20)),
          pageRows: fc.integer({ min: 1, max: 60 }),
          scope: isInScope,
        });
        await fc.assert(
          fc.asyncProperty(options, async ({ order, filter, top, skip, pageRows, scope }) => {
            const params = new URLSearchParams();
            if (order !== "") params.set("$orderby", order);
            if (filter) params.set("$filter", printFilter(filter, entity, 1));
            if (top !== null) params.set("$top", String(top));
            if (skip !== null) params.set("$skip", String(skip));
            const query = parsed(params, entity, pageRows);
            const pages = await follow(list, query, pageRows, scope);
            const met = within(list.rows, scope).filter(({ record }) => !filter || meets(filter, record));
            const expected = inOrder(met, query.sort, entity, list.newestFirst)
              .slice(skip ?? 0)
              .slice(0, top ?? undefined);
            assert.deepEqual(pages.flat(), expected.map(seqOf), params.toString());
            if (top === null) assert.ok(pages.slice(0, -1).every((page) => page.length === pageRows));
          }),
          { numRuns: Math.ceil(runs / 10), seed: SEED },
        );
      });

      test(`${title}: a forged place between the rows is answered`, async () => {
        const place = fc.record({
          text: fc.option(fc.string()),
          number: fc.option(fc.maxSafeInteger()),
          seq: fc.maxSafeNat(),
        });
        await fc.assert(
          fc.asyncProperty(orders, place, async (order, { text, number, seq }) => {
            const query = parsed(new URLSearchParams(order === "" ? [] : [["$orderby", order]]), entity);
            const values = query.sort.map(({ field }) => {
              const kind = entity.fields.get(field.toLowerCase())?.kind;
              return kind === "number" || kind === "datetime" ? number : kind === "boolean" ? null : text;
            });
            const page = await list.page({ ...query, after: { values, seq } }, ALL);
            assert.ok(page.rows.length <= list.rows.length);
          }),
          { numRuns: Math.ceil(runs / 10), seed: SEED },
        );
      });
    }

    test("a filter as long and as deep as it may be is answered by the store", async () => {
      const [list] = lists;
      assert.ok(list);
      const most = FILTER_LIMITS.maxConditions;
      const chains = [
        Array.from({ length: most }, (_, n) => `id eq '${n}'`).join(" or "),
        Array.from({ length: most }, (_, n) => `contains(id,'${n}')`).join(" or "),
        Array.from({ length: most }, (_, n) => `endswith(id,'${n}')`).join(" or "),
        Array.from({ length: most }, (_, n) => `not (id gt '${n}')`).join(" and "),
        `${"not (".repeat(64)}id eq 'x'${" and requestor ne 'y' or requestor eq 'z')".repeat(64)}`.replaceAll(
          "not (",
          "(",
        ),
        `id in (${Array.from({ length: 5_000 }, () => "''").join(",")})`,
      ];
      for (const filter of chains) {
        const query = parsed(new URLSearchParams([["$filter", filter]]), MACHINE_ACTIONS);
        await list.page(query, ALL);
        await list.count(query.filter, ALL);
      }
    });
  });
}
