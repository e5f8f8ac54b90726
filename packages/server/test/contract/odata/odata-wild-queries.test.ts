import assert from "node:assert/strict";
import { after, test } from "node:test";
import { NO_CONTINUITY } from "../../../src/domain/machines/clone-detection.ts";
import type { MachineScope } from "../../../src/domain/machines/device-group.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { MACHINE_ACTIONS } from "../../../src/odata/entities/machine-action-fields.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import type { Entity } from "../../../src/odata/fields.ts";
import { type ListQuery, parseListQuery } from "../../../src/odata/query.ts";
import { countMachineActions, listMachineActions } from "../../../src/store/actions/machine-action-list.ts";
import { countMachines, listMachines, type MachineSelection } from "../../../src/store/machines/machine-list.ts";
import { sampleAction } from "../../unit/domain/sample-action.ts";
import { SqliteLists } from "./odata-database.ts";

const NOW_MS = Date.UTC(2026, 0, 10);
const GRACE_MS = 60_000;
const ALL: MachineScope = { kind: "all" };
const IN_USE: MachineSelection = { scope: ALL, life: "inUse", enrollmentTokenId: null };
const DAY_MS = 24 * 3_600_000;
const [A, B] = ["a".repeat(40), "b".repeat(40)];
const guid = (n: number) => `5382f7ea-7557-4ab7-9782-${String(n).padStart(12, "0")}`;

const machine = (id: string, computerDnsName: string, ipAddress: string, change: Partial<Machine>): Machine => ({
  id,
  facts: {
    computerDnsName,
    osPlatform: "Linux",
    version: "12",
    osVersion: null,
    osBuild: null,
    osArchitecture: "64-bit",
    osProcessor: "x64",
    agentVersion: "0.1.0",
    ipAddresses: [{ ipAddress, macAddress: null, type: "Ethernet", operationalStatus: "Up" }],
  },
  tags: ["lab", "O'Neil"],
  firstSeenMs: NOW_MS - 30 * DAY_MS,
  lastSeenMs: NOW_MS - DAY_MS,
  lastExternalIp: null,
  linked: true,
  nodeId: "node-1",
  connectionEpoch: 1,
  journalId: "e".repeat(32),
  lastOrderSeq: 0,
  quarantined: false,
  quarantineReason: null,
  features: [],
  continuity: NO_CONTINUITY,
  groupId: 0,
  displayName: null,
  retirement: null,
  removedAtMs: null,
  secretKey: null,
  ...change,
});

const database = await SqliteLists.open();
after(() => database[Symbol.asyncDispose]());
await database.addMachines([
  machine(A, "lab-1", "10.0.0.1", {}),
  machine(B, "LAB-2.example", "10.0.0.2", { linked: false, tags: [] }),
  machine("c".repeat(40), "new", "10.0.0.3", { journalId: null }),
]);
// Sorted by their sequence numbers; their times have another sort.
await database.addActions([
  sampleAction({ id: guid(1), machineId: A, status: "Succeeded", requestor: "soar", createdAtMs: NOW_MS - DAY_MS }),
  sampleAction({ id: guid(2), machineId: A, status: "Failed", requestor: "soar", createdAtMs: NOW_MS - 9 * DAY_MS }),
  sampleAction({
    id: guid(3),
    machineId: B,
    status: "Succeeded",
    requestor: "O'Neil",
    createdAtMs: NOW_MS - 2 * DAY_MS,
  }),
  sampleAction({
    id: guid(4),
    machineId: A,
    status: "Succeeded",
    requestor: "soar",
    createdAtMs: NOW_MS - 20 * DAY_MS,
  }),
  sampleAction({
    id: guid(5),
    machineId: B,
    status: "InProgress",
    requestor: "soar",
    createdAtMs: NOW_MS - 3 * DAY_MS,
  }),
  sampleAction({ id: guid(6), machineId: A, status: "Pending", requestor: "soar", createdAtMs: NOW_MS - 4 * DAY_MS }),
]);

function parsed(search: string, entity: Entity): ListQuery {
  const query = parseListQuery(new URL(`https://mde.example/api/list?${search}`).searchParams, entity, NOW_MS);
  if (!query.ok) throw new Error(query.error.detail);
  return query.value;
}

/**
 * Queries of real clients (docs/contract/clients-in-the-wild.md#listing-actions), the actions that
 * they return, and the count.
 */
const ACTION_QUERIES: readonly (readonly [search: string, found: readonly number[], count?: number])[] = [
  ["", [6, 5, 4, 3, 2, 1]],
  ["$top=2", [6, 5]],
  [`$filter=machineId eq '${A}'`, [6, 4, 2, 1]],
  [`%24filter=machineId%20eq%20%27${A}%27`, [6, 4, 2, 1]],
  [`$filter=machineId+eq+'${A}'+and+status+eq+'Pending'`, [6]],
  [
    `$filter=machineId eq '${A}' and (status eq 'Pending' or status eq 'InProgress')&$orderby=creationDateTimeUtc desc&$top=1`,
    [6],
  ],
  ["$filter=status eq 'Succeeded' and type eq 'LiveResponse'&$top=50", [4, 3, 1]],
  ["$filter=status eq 'Succeeded' and type eq 'LiveResponse' and requestor eq 'soar'&$top=50", [4, 1]],
  ["$filter=type eq 'Isolate'", []],
  ["$filter=requestor eq 'O''Neil'", [3]],
  [`$filter=status eq 'Succeeded' and (machineId eq '${A}' or machineId eq '${B}')&$top=50`, [4, 3, 1]],
  [`$filter=machineId eq '${A}' or machineId eq '${B}'&$top=2`, [6, 5]],
  [`$filter=id in ('${guid(2)}','${guid(5).toUpperCase()}')&$count=true&$top=1000`, [5, 2], 2],
  [
    `$filter=machineId eq '${A}' AND status eq 'Succeeded'&$orderby=creationDateTimeUtc desc&$skip=1&$top=10&$count=true`,
    [4],
    2,
  ],
  ["$filter=CreationDateTimeUtc ge 2026-01-01T00:00:00Z&$orderby=CreationDateTimeUtc desc", [1, 3, 5, 6, 2]],
  ["$filter=CreationDateTimeUtc ge 2026-01-01T00:00:00Z", [6, 5, 3, 2, 1]],
  ["$filter=creationDateTimeUtc gt 2026-01-01Z and creationDateTimeUtc lt 2026-01-07Z&$count=true", [6], 1],
  ["$filter=startswith(requestor,'so') and status ne 'Succeeded'", [6, 5, 2]],
  ["$top=0&$count=true", [], 6],
];

for (const [search, found, counted] of ACTION_QUERIES) {
  test(`machine actions: ${search || "no query at all"}`, async () => {
    const query = parsed(search, MACHINE_ACTIONS);
    const page = await listMachineActions(database.executor, query, ALL, ({ id }) => id);
    assert.deepEqual([...page.rows], found.map(guid));
    assert.equal(page.next, null);
    assert.equal(query.count, counted !== undefined);
    if (counted !== undefined) assert.equal(await countMachineActions(database.executor, query.filter, ALL), counted);
  });
}

/** Section 9 of the same, and the contract's own example with a tag. */
const MACHINE_QUERIES: readonly (readonly [search: string, found: readonly string[], count?: number])[] = [
  ["", ["lab-1", "LAB-2.example", "new"]],
  ["$filter=onboardingStatus eq 'Onboarded' and healthStatus eq 'Active'", ["lab-1"]],
  ["$filter=onboardingStatus eq 'onboarded' and healthStatus ne 'Active'", ["LAB-2.example"]],
  ["$filter=computerDnsName eq 'lab-2.EXAMPLE'", ["LAB-2.example"]],
  ["$filter=lastIpAddress eq '10.0.0.1' or lastIpAddress eq '10.0.0.2'", ["lab-1", "LAB-2.example"]],
  [
    `$filter=id eq '${A}' or computerDnsName eq 'new' or lastIpAddress eq '10.0.0.2'`,
    ["lab-1", "LAB-2.example", "new"],
  ],
  ["$filter=machineTags/any(tag: tag eq 'lab')", ["lab-1", "new"]],
  ["$filter=startswith(computerDnsName,'lab')&$count=true&$top=1&$skip=1", ["LAB-2.example"], 2],
  ["$filter=lastSeen gt 2026-01-09T12:00:00Z", ["lab-1", "new"]],
  ["$filter=rbacGroupId eq 0 and riskScore eq null&$top=10000&$skip=2", ["new"]],
  ["$orderby=computerDnsName desc", ["new", "LAB-2.example", "lab-1"]],
];

for (const [search, found, counted] of MACHINE_QUERIES) {
  test(`machines: ${search || "no query at all"}`, async () => {
    const query = parsed(search, MACHINES);
    const page = await listMachines(database.executor, query, IN_USE, GRACE_MS, (row) => row.computer_dns_name);
    assert.deepEqual([...page.rows], found);
    const clock = { asOfMs: query.asOfMs, graceMs: GRACE_MS };
    if (counted !== undefined)
      assert.equal(await countMachines(database.executor, query.filter, IN_USE, clock), counted);
  });
}
