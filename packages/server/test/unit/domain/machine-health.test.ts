import assert from "node:assert/strict";
import { test } from "node:test";
import { healthStatus } from "../../../src/domain/machines/machine.ts";

const NOW = 1_000_000_000_000;
const GRACE_MS = 60_000;
const DAY_MS = 24 * 3_600_000;

test("a machine whose agent never connected is NoSensorData, and Inactive after seven days as every other", () => {
  const health = (awayMs: number, journalId: string | null, linked = false) =>
    healthStatus({ linked, lastSeenMs: NOW - awayMs, retirement: null, journalId }, NOW, GRACE_MS);
  assert.equal(health(0, null), "NoSensorData");
  assert.equal(health(6 * DAY_MS, null), "NoSensorData");
  assert.equal(health(8 * DAY_MS, null), "Inactive");
  assert.equal(health(0, null, true), "Active");
  assert.equal(health(GRACE_MS, "e"), "Active");
  assert.equal(health(6 * DAY_MS, "e"), "ImpairedCommunication");
  assert.equal(health(8 * DAY_MS, "e"), "Inactive");
});
