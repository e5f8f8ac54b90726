import assert from "node:assert/strict";
import { test } from "node:test";
import type { MachineAction } from "../../../src/domain/actions/machine-action.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import type { Entity } from "../../../src/odata/fields.ts";
import { nextLink } from "../../../src/odata/next-link.ts";
import { type ListQuery, parseListQuery } from "../../../src/odata/query.ts";
import type { ListPage } from "../../../src/store/lists/list-page.ts";
import { MAX_PAGE_BYTES } from "../../../src/store/lists/page-texts.ts";
import type { Store } from "../../../src/store/store.ts";

const MIB = 1024 * 1024;
const ROWS = 40;
const LONG = "ä".repeat(MIB / 2);
const TOP = 38;

interface Made {
  machine: () => Machine;
  action: (machineId: string, change: Partial<MachineAction>) => MachineAction;
}

const bytesOf = (rows: readonly object[]) => Buffer.byteLength(JSON.stringify(rows));

/** The part of the store contract about pages whose rows have long texts. */
export function describePageBytes(store: () => Store, make: Made): void {
  const query = (params: URLSearchParams, entity: Entity): ListQuery => {
    const parsed = parseListQuery(params, entity, 0);
    assert.ok(parsed.ok);
    return parsed.value;
  };

  /** All rows that `$top` allows; every page within its bytes. */
  async function follow<T extends object>(
    text: string,
    entity: Entity,
    list: (query: ListQuery) => Promise<ListPage<T>>,
  ): Promise<{ rows: T[]; pages: number }> {
    const rows: T[] = [];
    let [pages, params] = [0, new URLSearchParams(text)];
    for (;;) {
      const asked = query(params, entity);
      const page = await list(asked);
      assert.ok(bytesOf(page.rows) < 1.5 * MAX_PAGE_BYTES, `a page of ${bytesOf(page.rows)} bytes`);
      rows.push(...page.rows);
      pages += 1;
      if (page.next === null) return { rows, pages };
      assert.ok(page.rows.length > 0 && pages < ROWS, "each page leads on");
      params = new URL(nextLink("https://mde.example/list", asked, page.next, page.rows.length)).searchParams;
    }
  }

  test("a page of actions with long texts ends early, and its link leads to the rest of $top", async () => {
    const machine = make.machine();
    const stored = Array.from({ length: ROWS }, (_, n) =>
      make.action(machine.id, { status: "Failed", requestor: "long", comment: n % 4 === 3 ? "short" : LONG }),
    );
    await store().write(async (tx) => {
      await tx.machines.insert(machine);
      for (const action of stored) await tx.actions.insert(action);
    });
    const { rows, pages } = await follow(`$filter=requestor eq 'long'&$top=${TOP}`, MACHINE_ACTIONS, (asked) =>
      store().read((tx) => tx.actions.list(asked, { kind: "all" })),
    );
    assert.ok(pages > 1, "the rows do not fit on one page");
    const newest = stored.toReversed().slice(0, TOP);
    assert.deepEqual(
      rows.map(({ id, comment, commands }) => [id, comment.length, commands.length]),
      newest.map(({ id, comment, commands }) => [id, comment.length, commands.length]),
    );
  });

  test("a page of machines with long tags ends early, and its link leads to the rest", async () => {
    const machines = Array.from({ length: ROWS }, () => ({ ...make.machine(), displayName: "long", tags: [LONG] }));
    await store().write(async (tx) => {
      for (const machine of machines) await tx.machines.insert(machine);
    });
    const selection = { scope: { kind: "all" }, life: "all", enrollmentTokenId: null } as const;
    const { rows, pages } = await follow("$filter=computerDnsName eq 'long'", MACHINES, (asked) =>
      store().read((tx) => tx.machines.list(asked, selection, 0)),
    );
    assert.ok(pages > 1, "the rows do not fit on one page");
    assert.deepEqual(
      rows.map(({ id, tags }) => [id, tags[0]?.length]),
      machines.map(({ id }) => [id, LONG.length]),
    );
  });

  test("a page of the audit with long details ends early, and is full", async () => {
    const record = {
      atMs: 1,
      actor: "long",
      actorId: "long",
      actorKind: null,
      application: null,
      address: null,
      operation: "Long",
      machineId: null,
      actionId: null,
    };
    await store().write(async (tx) => {
      for (let n = 0; n < ROWS; n += 1) await tx.audit.append({ ...record, detail: { n, text: LONG } });
    });
    const filter = { machineId: null, actionId: null, actorId: "long", operations: null, limit: 1_000 };
    const found: unknown[] = [];
    for (let beforeSeq: number | null = null; ; ) {
      const page = await store().read((tx) => tx.audit.list({ ...filter, beforeSeq }, { kind: "all" }));
      assert.ok(bytesOf(page.records) < 1.5 * MAX_PAGE_BYTES, `a page of ${bytesOf(page.records)} bytes`);
      found.push(...page.records.map(({ detail }) => detail.n));
      if (!page.isFull) break;
      beforeSeq = page.records.at(-1)?.seq ?? 0;
    }
    assert.deepEqual(
      found,
      Array.from({ length: ROWS }, (_, n) => ROWS - 1 - n),
    );
    const oldest = await store().read((tx) =>
      tx.audit.range({ ...filter, afterSeq: 0, upToSeq: Number.MAX_SAFE_INTEGER }, { kind: "all" }),
    );
    assert.ok(oldest.isFull && oldest.records.length < ROWS && oldest.records[0]?.detail.n === 0);
  });
}
