import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { MachineScope } from "../../../src/domain/machines/device-group.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import type { Entity } from "../../../src/odata/fields.ts";
import { type ListQuery, parseListQuery } from "../../../src/odata/query.ts";
import { countMachineActions, listMachineActions } from "../../../src/store/actions/machine-action-list.ts";
import { machineActions } from "../../../src/store/actions/machine-actions.ts";
import { listMachines, type MachineSelection } from "../../../src/store/machines/machine-list.ts";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { SEED } from "../../unit/odata/runs.ts";
import { sampleMachines } from "../../unit/odata/sample-machines.ts";
import { PostgresLists } from "./odata-postgres.ts";
import { sampleActions } from "./odata-sample-actions.ts";

const NOW_MS = Date.UTC(2026, 0, 2);
const ALL: MachineScope = { kind: "all" };
const IN_USE: MachineSelection = { scope: ALL, life: "inUse", enrollmentTokenId: null };
const ROWS = 20_000;
const machines = sampleMachines(ROWS / 100, NOW_MS, 60_000);
const [A = "", B = ""] = machines.map(({ id }) => id);

function parsed(params: Readonly<Record<string, string>>, entity: Entity): ListQuery {
  const query = parseListQuery(new URLSearchParams(params), entity, NOW_MS);
  if (!query.ok) throw new Error(query.error.detail);
  return query.value;
}

/**
 * The queries of docs/contract/clients-in-the-wild.md#listing-actions with selective conditions.
 * The planner chooses the index from its statistics. The test checks only that no query reads the
 * whole table.
 */
const WILD: readonly Readonly<Record<string, string>>[] = [
  { $filter: `machineId eq '${A}'` },
  { $filter: `machineId eq '${A}' and (status eq 'Pending' or status eq 'InProgress')`, $top: "1" },
  { $filter: "status eq 'InProgress' and type eq 'LiveResponse'", $top: "50" },
  { $filter: `status eq 'Succeeded' and (machineId eq '${A}' or machineId eq '${B}')`, $top: "50" },
  { $filter: "id in ('00000000-0000-4000-8000-000000000000','x')", $top: "1000" },
  { $filter: `machineId eq '${A}' AND status eq 'Succeeded'`, $orderby: "creationDateTimeUtc desc", $top: "50" },
  { $filter: "CreationDateTimeUtc ge 2026-01-02T00:00:00Z", $orderby: "CreationDateTimeUtc desc" },
  { $filter: "CreationDateTimeUtc ge 2026-01-02T00:00:00Z" },
  { $filter: "requestor eq 'Somebody Else'", $top: "50" },
];

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`indexes of lists: PostgreSQL (${postgres})`, { skip: postgres });
else {
  describe("indexes of lists: PostgreSQL", () => {
    let lists: PostgresLists;
    before(async () => {
      lists = await PostgresLists.open(postgres);
      await lists.addMachines(machines);
      await lists.addActions(
        sampleActions(
          ROWS,
          machines.map(({ id }) => id),
          SEED,
        ),
      );
      await lists.analyze();
    });
    after(async () => {
      await lists[Symbol.asyncDispose]();
      await postgres[Symbol.asyncDispose]();
    });

    for (const params of WILD) {
      test(`an index leads to the actions of ${new URLSearchParams(params)}`, async () => {
        const query = parsed(params, MACHINE_ACTIONS);
        const plans: string[] = [];
        await listMachineActions(lists.explaining(plans), query, ALL, (row) => row);
        await countMachineActions(lists.explaining(plans), query.filter, ALL);
        assert.equal(plans.length, 2);
        for (const plan of plans) assert.doesNotMatch(plan, /Seq Scan on machine_action/, plan);
      });
    }

    test("the overdue actions are found by their index", async () => {
      const plans: string[] = [];
      await machineActions(lists.explaining(plans)).overdue(NOW_MS - 3 * 86_400_000, 100);
      assert.match(plans.join("\n"), /Index Scan using machine_action_slot/);
    });

    test("the newest page is found by walking the sequence, without a sort of the table", async () => {
      const plans: string[] = [];
      await listMachineActions(lists.explaining(plans), parsed({ $top: "50" }, MACHINE_ACTIONS), ALL, (row) => row);
      assert.match(plans.join("\n"), /Scan Backward using machine_action_pkey/);
    });

    test("an index leads to a machine by its id and by its name in any letter case", async () => {
      for (const [filter, index] of [
        [`id eq '${A}'`, "machine_id_key"],
        ["computerDnsName eq 'no-such-name'", "machine_name"],
      ]) {
        const plans: string[] = [];
        const query = parsed({ $filter: String(filter) }, MACHINES);
        await listMachines(lists.explaining(plans), query, IN_USE, 60_000, (row) => row);
        assert.ok(plans.join("\n").includes(String(index)), plans.join("\n"));
      }
    });
  });
}
