import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runLiveResponse } from "../../src/service/actions/start/run-live-response.ts";
import { recordEnded, recordStarted } from "../../src/service/agents/machine-reports.ts";
import { nextForConnection } from "../../src/service/agents/next-order.ts";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import type { Store } from "../../src/store/store.ts";
import { openTestPostgres } from "../support/postgres-databases.ts";
import { PLAYBOOK, type TestServices, testServices } from "../support/test-services.ts";

/**
 * Whole actions a second (accepted, claimed, started, ended with a transcript), through the use
 * cases, on every available SQL dialect: `node packages/server/test/speed/store-speed.ts --seconds
 * 5 --machines 16,64`.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    machines: { type: "string", default: "16,64" },
    /** Session slots. With a limit, every start waits until the one before it is counted. */
    places: { type: "string", default: "1000000000" },
    /** Connections to PostgreSQL. */
    connections: { type: "string", default: "16" },
  },
});
const SECONDS = Number(values.seconds);
const REQUEST = {
  Commands: [{ type: "RunScript" as const, params: [{ key: "ScriptName", value: "collect.sh" }] }],
  Comment: "speed",
};
const TRANSCRIPT = JSON.stringify({ script_output: "x".repeat(400), exit_code: 0 });

async function wholeAction({ context }: TestServices, machineId: string): Promise<void> {
  const link = { machineId, connectionEpoch: 1 };
  const asked = await runLiveResponse(context, PLAYBOOK, machineId, REQUEST);
  assert.ok(asked.ok);
  const next = await nextForConnection(context, link);
  assert.ok(next.type === "order");
  const order = { actionId: next.order.actionId, orderSeq: next.order.orderSeq, index: 0 };
  const started = await recordStarted(context, link, {
    type: "started",
    ...order,
    startId: randomBytes(16).toString("hex"),
  });
  assert.equal(started.kind, "recorded");
  const ended = await recordEnded(context, link, {
    type: "ended",
    ...order,
    outcome: "completed",
    errors: [],
    result: { kind: "inline", transcript: TRANSCRIPT },
  });
  assert.ok(ended.kind === "recorded" && ended.action.status === "Succeeded");
}

async function measure(engine: string, store: Store, machineCount: number): Promise<void> {
  await using services = await testServices({ runningSessions: Number(values.places) }, { store });
  const machines = await Promise.all(
    Array.from({ length: machineCount }, () => services.addMachine({ linked: true, connectionEpoch: 1 })),
  );
  for (const { id } of machines) await wholeAction(services, id);
  let done = 0;
  const [from, cpu] = [performance.now(), process.cpuUsage()];
  const overAtMs = from + SECONDS * 1_000;
  await Promise.all(
    machines.map(async ({ id }) => {
      while (performance.now() < overAtMs) {
        await wholeAction(services, id);
        done += 1;
      }
    }),
  );
  const passedMs = performance.now() - from;
  const { user, system } = process.cpuUsage(cpu);
  const perSecond = (done / passedMs) * 1_000;
  const cpuMs = (user + system) / 1_000 / done;
  console.log(
    `${engine.padEnd(10)} ${String(machineCount).padStart(4)} machines at once: ${perSecond.toFixed(0).padStart(6)} whole actions/s, ${cpuMs.toFixed(2)} ms of our processor each`,
  );
}

const counts = values.machines.split(",").map(Number);
const folder = await mkdtemp(join(tmpdir(), "halligan-speed-"));
const sqlite = await SqliteStore.open(join(folder, "speed.db"));
for (const count of counts) await measure("SQLite", sqlite, count);
await sqlite.close();
await rm(folder, { recursive: true, force: true });

const postgres = await openTestPostgres();
if (typeof postgres === "string") console.log(postgres);
else {
  await using _server = postgres;
  await using database = await postgres.createDatabase();
  const store = await PostgresStore.open({ url: database.url, maxConnections: Number(values.connections) });
  for (const count of counts) await measure("PostgreSQL", store, count);
  await store.close();
}
