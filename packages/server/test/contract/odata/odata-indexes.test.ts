import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { MachineScope } from "../../../src/domain/machines/device-group.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import type { Entity } from "../../../src/odata/fields.ts";
import { type ListQuery, parseListQuery } from "../../../src/odata/query.ts";
import { countMachineActions, listMachineActions } from "../../../src/store/actions/machine-action-list.ts";
import { machineActions } from "../../../src/store/actions/machine-actions.ts";
import { type AuditFilter, auditLog } from "../../../src/store/administration/audit.ts";
import { countMachines, listMachines, type MachineSelection } from "../../../src/store/machines/machine-list.ts";
import { SEED } from "../../unit/odata/runs.ts";
import { sampleMachines } from "../../unit/odata/sample-machines.ts";
import { SqliteLists } from "./odata-database.ts";
import { sampleActions } from "./odata-sample-actions.ts";

const NOW_MS = Date.UTC(2026, 0, 2);
const ALL: MachineScope = { kind: "all" };
const IN_USE: MachineSelection = { scope: ALL, life: "inUse", enrollmentTokenId: null };
const ROWS = 20_000;

const database = await SqliteLists.open();
after(() => database[Symbol.asyncDispose]());
const machines = sampleMachines(ROWS / 100, NOW_MS, 60_000);
await database.addMachines(machines);
await database.addActions(
  sampleActions(
    ROWS,
    machines.map(({ id }) => id),
    SEED,
  ),
);
const [A = "", B = ""] = machines.map(({ id }) => id);

function parsed(params: Readonly<Record<string, string>>, entity: Entity): ListQuery {
  const query = parseListQuery(new URLSearchParams(params), entity, NOW_MS);
  if (!query.ok) throw new Error(query.error.detail);
  return query.value;
}

async function plansOf(
  params: Readonly<Record<string, string>>,
  afterSeq?: number,
): Promise<{ list: string; count: string }> {
  const query = parsed(params, MACHINE_ACTIONS);
  const [list, count]: [string[], string[]] = [[], []];
  const position = afterSeq === undefined ? null : { values: query.sort.map(() => NOW_MS), seq: afterSeq };
  await listMachineActions(database.explaining(list), { ...query, after: position }, ALL, (row) => row);
  await countMachineActions(database.explaining(count), query.filter, ALL);
  return { list: list.join("\n"), count: count.join("\n") };
}

const byMachine = /SEARCH machine_action USING (COVERING )?INDEX machine_action_machine \(machine_id=\?/;
const byStatus = /SEARCH machine_action USING (COVERING )?INDEX machine_action_status \(status=\?/;
const byRequestor = /SEARCH machine_action USING (COVERING )?INDEX machine_action_requestor \(<expr>=\?/;
const byId = /SEARCH machine_action USING (COVERING )?INDEX sqlite_autoindex_machine_action_1 \(id=\?/;
const byOpen = /SEARCH machine_action USING INDEX machine_action_open \(machine_id=\? AND <expr>=\?/;
const byCreation = /SEARCH machine_action USING (COVERING )?INDEX machine_action_created \(created_at_ms>\?/;
const bySequence = /SEARCH machine_action USING INTEGER PRIMARY KEY \(rowid>\?/;

/**
 * The queries of docs/contract/clients-in-the-wild.md#listing-actions: how the page is found, and
 * how its rows are counted.
 */
const WILD: readonly (readonly [Readonly<Record<string, string>>, list: RegExp, count: RegExp])[] = [
  [{ $filter: `machineId eq '${A}'` }, byMachine, byMachine],
  [{ $filter: `machineId eq '${A}' and status eq 'Pending'` }, byOpen, byOpen],
  [
    {
      $filter: `machineId eq '${A}' and (status eq 'Pending' or status eq 'InProgress')`,
      $orderby: "creationDateTimeUtc desc",
      $top: "1",
    },
    byOpen,
    byOpen,
  ],
  [{ $filter: "status eq 'Succeeded' and type eq 'LiveResponse'", $top: "50" }, byStatus, byStatus],
  [
    { $filter: "status eq 'Succeeded' and type eq 'LiveResponse' and requestor eq 'a'", $top: "50" },
    byRequestor,
    byRequestor,
  ],
  [{ $filter: "requestor eq 'A'", $top: "50" }, byRequestor, byRequestor],
  [
    { $filter: `status eq 'Succeeded' and (machineId eq '${A}' or machineId eq '${B}')`, $top: "50" },
    byMachine,
    byMachine,
  ],
  [{ $filter: "id in ('00000000-0000-4000-8000-000000000000','x')", $top: "1000" }, byId, byId],
  [
    {
      $filter: `machineId eq '${A}' AND status eq 'Succeeded'`,
      $orderby: "creationDateTimeUtc desc",
      $skip: "10",
      $top: "50",
    },
    byMachine,
    byMachine,
  ],
  [
    { $filter: "CreationDateTimeUtc ge 2026-01-01T00:00:00Z", $orderby: "CreationDateTimeUtc desc" },
    byCreation,
    byCreation,
  ],
  [{ $filter: "CreationDateTimeUtc ge 2026-01-01T00:00:00Z" }, bySequence, byCreation],
  [
    {
      $filter: "CreationDateTimeUtc ge 2026-01-01T00:00:00Z and status eq 'Failed'",
      $orderby: "CreationDateTimeUtc desc",
    },
    byCreation,
    byStatus,
  ],
];

for (const [params, list, count] of WILD) {
  test(`an index leads to the actions of ${new URLSearchParams(params)}`, async () => {
    for (const plans of [await plansOf(params), await plansOf(params, ROWS / 2)]) {
      assert.match(plans.list, list);
      assert.match(plans.count, count);
      assert.doesNotMatch(`${plans.list}\n${plans.count}`, /^SCAN machine_action$/m);
    }
  });
}

for (const params of [
  {},
  { $top: "50" },
  { $orderby: "creationDateTimeUtc desc" },
  { $orderby: "status" },
  { $orderby: "machineId desc" },
]) {
  test(`nothing is sorted for ${new URLSearchParams(params).toString() || "no options"}`, async () => {
    const { list } = await plansOf(params);
    // The rows of the page are sorted once more; the search for them must not sort.
    const search = list.split("LIST SUBQUERY").at(-1) ?? "";
    assert.equal(search.match(/USE TEMP B-TREE/g)?.length ?? 0, "$orderby" in params ? 1 : 0, list);
  });
}

for (const [filter, index] of [
  [`id eq '${A}'`, "sqlite_autoindex_machine_1"],
  ["computerDnsName eq 'LAB-1'", "machine_name"],
  ["lastIpAddress eq '10.0.0.1' or lastIpAddress eq '10.0.0.2'", "machine_last_ip"],
  ["computerDnsName eq 'lab-1' or lastIpAddress eq '10.0.0.1'", "machine_last_ip"],
] as const) {
  test(`an index leads to the machines of ${filter}`, async () => {
    const query = parsed({ $filter: filter }, MACHINES);
    const plans: string[] = [];
    await listMachines(database.explaining(plans), query, IN_USE, 60_000, (row) => row);
    await countMachines(database.explaining(plans), query.filter, IN_USE, { asOfMs: NOW_MS, graceMs: 60_000 });
    assert.equal(plans.filter((step) => step.includes(`INDEX ${index} `)).length, 2, plans.join("\n"));
    assert.ok(!plans.includes("SCAN machine"));
  });
}

type Ask = (actions: ReturnType<typeof machineActions>) => Promise<unknown>;

/** The queries of claims, sweepers and metrics: the steps of each plan. */
const FIXED: readonly (readonly [name: string, ask: Ask, plan: readonly string[]])[] = [
  [
    "the unfinished action of a machine",
    (actions) => actions.unfinishedOf(A),
    ["SEARCH machine_action USING INDEX machine_action_open (machine_id=? AND <expr>=?)"],
  ],
  [
    "the open actions of a machine",
    (actions) => actions.openOf(A),
    [
      "SEARCH machine_action USING INTEGER PRIMARY KEY (rowid=?)",
      "LIST SUBQUERY 3",
      "COMPOUND QUERY",
      "LEFT-MOST SUBQUERY",
      "SEARCH machine_action USING INDEX machine_action_open (machine_id=? AND <expr>=?)",
      "UNION ALL",
      "SEARCH machine_action USING INDEX machine_action_open (machine_id=? AND <expr>>?)",
      "UNION ALL",
      "SEARCH machine_action USING INDEX machine_action_open (machine_id=? AND <expr>>?)",
    ],
  ],
  [
    "overdue actions",
    (actions) => actions.overdue(NOW_MS, 100),
    [
      "SEARCH machine_action USING INDEX machine_action_slot (holds_place=? AND <expr><?)",
      // Of the overdue ones only.
      "USE TEMP B-TREE FOR ORDER BY",
    ],
  ],
  [
    "the slots in use",
    (actions) => actions.slotsInUse(NOW_MS),
    ["SEARCH machine_action USING INDEX machine_action_slot (holds_place=?)"],
  ],
  [
    "actions that wait for a slot, in their sequence",
    (actions) => actions.waitingForSlot(8),
    [
      "SEARCH machine_action USING INDEX machine_action_waiting (holds_place=?)",
      "SEARCH machine USING INDEX sqlite_autoindex_machine_1 (id=?)",
    ],
  ],
];

for (const [name, ask, plan] of FIXED) {
  test(`an index leads to ${name}`, async () => {
    const plans: string[] = [];
    await ask(machineActions(database.explaining(plans)));
    assert.deepEqual(plans, plan);
  });
}

for (const [name, ask] of [
  ["machines with work", (actions) => actions.connectedMachinesWithWork("node", NOW_MS, 100)],
  ["machines to send to", (actions) => actions.connectedMachinesToSend("node", NOW_MS, 100)],
  ["results to remove", (actions) => actions.withResultsBefore(NOW_MS, 100)],
  ["the oldest open action", (actions) => actions.oldestOpenMs()],
  ["actions to remove", (actions) => actions.removeBefore(NOW_MS, 100)],
  ["the load", (actions) => actions.load(NOW_MS)],
] as const satisfies readonly (readonly [string, Ask])[]) {
  test(`no query reads all actions for ${name}`, async () => {
    const plans: string[] = [];
    await ask(machineActions(database.explaining(plans)));
    assert.ok(plans.length > 0);
    assert.doesNotMatch(
      plans.join("\n"),
      /^SCAN machine_action( USING INDEX (?!machine_action_(open|waiting|slot)).*)?$/m,
    );
  });
}

const AUDIT_FILTER: AuditFilter = {
  machineId: null,
  actionId: null,
  actorId: null,
  operations: null,
  beforeSeq: 10_000,
  limit: 100,
};
for (const filter of [{ machineId: A }, { actionId: "00000000-0000-4000-8000-000000000000" }]) {
  test(`an index leads to the audit records of ${Object.keys(filter)}, newest first without a sort`, async () => {
    const plans: string[] = [];
    await auditLog(database.explaining(plans)).list({ ...AUDIT_FILTER, ...filter }, ALL);
    assert.match(plans[0] ?? "", /SEARCH audit USING INDEX audit_machine \(machine_id=\? AND seq<\?\)/);
    assert.doesNotMatch(plans.join("\n"), /SCAN|TEMP B-TREE/);
  });
}
