import assert from "node:assert/strict";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ErrorWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { until } from "../../../../protocol/test/support/until.ts";
import { NatsServer, natsServerProgram } from "../../../../server/test/support/nats-server.ts";
import { PostgresServer } from "../../../../server/test/support/postgres-server.ts";
import { parseMetrics } from "../../../../server/test/unit/metrics/prometheus-text.ts";
import { Program } from "../../../src/program.ts";
import { World } from "../../../src/world.ts";
import { addScript, runScript, runToEnd, transcriptOf } from "../../e2e/live-response.ts";

const Readiness = Type.Object({ missing: Type.Array(Type.Object({ part: Type.String() })) });
let psql: string | undefined;
for await (const found of glob("/usr/lib/postgresql/*/bin/psql")) psql = found;
const skip = psql === undefined || natsServerProgram() === null ? "PostgreSQL or NATS is not installed here" : false;

/** Runs one of PostgreSQL's programs as an operator would. */
async function postgresProgram(name: string, args: readonly string[]): Promise<void> {
  await using program = new Program(name, { command: (psql ?? "").replace(/psql$/, name), args, env: {} });
  assert.equal(await program.exited, 0, program.output);
}

/** Waits until /readyz reports `wanted` as missing, and prints how long that took. */
async function missing(t: TestContext, what: string, world: World, wanted: readonly string[]): Promise<void> {
  const begunMs = performance.now();
  await until(async () => {
    const answer = await fetch(`${world.credentials.baseUrl}/readyz`);
    const body: unknown = await answer.json();
    const { missing: found } = Value.Parse(Readiness, body);
    // A 503 has the error body that every other one has.
    assert.equal(Value.Check(ErrorWire, body), answer.status === 503);
    const parts = found.map(({ part }) => part);
    assert.equal(answer.status, parts.length === 0 ? 200 : 503);
    return parts.join() === wanted.join();
  }, `/readyz to miss [${wanted}]`);
  t.diagnostic(`${what}: ${Math.round(performance.now() - begunMs)} ms`);
}

const timesLinked = (agent: Program): number => agent.output.split('"event":"linked"').length;

const figure = async ({ credentials: { baseUrl } }: World, name: string) => {
  const text = await (await fetch(`${baseUrl}/metrics`)).text();
  return parseMetrics(text).find((sample) => sample.name === name)?.value;
};

test("a node without its bus or its database lives, says what is missing, and goes on by itself; a dump brings a lost database back", {
  skip,
}, async (t) => {
  await using postgres = await PostgresServer.start();
  assert.ok(postgres);
  await using nats = await NatsServer.start();
  const database = new URL(postgres.url);
  database.pathname = "/halligan";
  const sql = (text: string) => postgresProgram("psql", ["--quiet", "--command", text, postgres.url]);
  const create = "create database halligan template template0 encoding 'UTF8'";
  await sql(create);
  await using world = await World.start({
    settings: {
      HALLIGAN_DATABASE_URL: database.href,
      HALLIGAN_BUS_URL: nats.url,
      HALLIGAN_LIMITS_PROFILE: "open",
    },
  });
  const [machine] = world.machines;
  assert.ok(machine);
  await addScript(world, "say.sh", "#!/bin/sh\necho said\n");
  const say = async () => {
    const action = await runToEnd(world, machine.id, [runScript("say.sh")]);
    assert.equal(action.status, "Succeeded");
    return action;
  };
  await missing(t, "ready", world, []);

  await nats.kill();
  await missing(t, "the bus is missed after", world, ["bus"]);
  assert.equal(await figure(world, "halligan_bus_connected"), 0);
  await say();
  await nats.startAgain();
  await missing(t, "the bus is back after", world, []);

  const kept = await say();
  const dump = join(world.folder, "halligan.dump");
  await postgresProgram("pg_dump", ["--format=custom", `--file=${dump}`, database.href]);

  await postgres.kill();
  assert.equal((await fetch(`${world.credentials.baseUrl}/healthz`)).status, 200);
  await missing(t, "the database is missed after", world, ["database"]);
  assert.equal(await figure(world, "halligan_database_up"), 0);
  assert.equal((await fetch(`${world.credentials.baseUrl}/healthz`)).status, 200);
  await postgres.restart();
  await missing(t, "the database is back after", world, []);
  await say();

  await world.server.stop();
  await sql("drop database halligan with (force)");
  await sql(create);
  await postgresProgram("pg_restore", ["--exit-on-error", `--dbname=${database.href}`, dump]);
  const linksBefore = timesLinked(world.agent(machine.id));
  await world.startServer();
  assert.match(JSON.stringify(await transcriptOf(world, kept.id, 0)), /said/);
  // The device has orders that are unknown to the restored store. A request fails until the device
  // has reported its orders, because the action may have run already.
  await until(() => timesLinked(world.agent(machine.id)) > linksBefore, "the connection of the agent");
  await say();
});
