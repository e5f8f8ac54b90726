import assert from "node:assert/strict";
import { test } from "node:test";
import { machineWire } from "../../../src/http/api/present/machine-wire.ts";
import { MACHINES } from "../../../src/odata/entities/machine-fields.ts";
import { machineRecord } from "../../../src/odata/entities/machine-record.ts";
import type { FilterRecord } from "../../../src/odata/evaluate.ts";
import { sampleMachines } from "./sample-machines.ts";

const [NOW_MS, GRACE_MS] = [Date.UTC(2026, 0, 2), 60_000];

test("a filter sees of a machine what its wire form shows", () => {
  for (const machine of sampleMachines(200, NOW_MS, GRACE_MS)) {
    const wire = new Map<string, unknown>(Object.entries(machineWire(machine, "a group", NOW_MS, GRACE_MS)));
    const record: FilterRecord = machineRecord(machine, "a group", NOW_MS, GRACE_MS);
    for (const [name, value] of Object.entries(record)) {
      const shown = wire.get(name);
      const isTime = MACHINES.fields.get(name.toLowerCase())?.kind === "datetime";
      assert.deepEqual(value, isTime ? Date.parse(String(shown)) : shown, name);
    }
  }
});

test("every field of a machine's table is in its record", () => {
  const [machine] = sampleMachines(1, NOW_MS, GRACE_MS);
  assert.ok(machine);
  const names = Object.keys(machineRecord(machine, "", NOW_MS, GRACE_MS));
  assert.deepEqual(names.toSorted(), [...MACHINES.fields.values()].map(({ name }) => name).toSorted());
});
