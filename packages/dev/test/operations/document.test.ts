import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { parseMetrics } from "../../../server/test/unit/metrics/prometheus-text.ts";
import { Program } from "../../src/program.ts";
import { ENTRY } from "../../src/runtimes.ts";
import { World } from "../../src/world.ts";

const operations = await readFile(new URL("../../../../docs/operations.md", import.meta.url), "utf8");
const namesIn = (text: string, pattern: RegExp) => [...new Set(text.match(pattern) ?? [])].sort();

test("the page for operators names every setting that --help names, and no other", async () => {
  await using help = new Program("help", { command: process.execPath, args: [ENTRY.server, "--help"], env: {} });
  assert.equal(await help.exited, 0);
  // The agent's own are in its help.
  const setting = /HALLIGAN_(?!AGENT_)[A-Z0-9_]+[A-Z0-9]/g;
  assert.deepEqual(namesIn(operations, setting), namesIn(help.output, setting));
});

test("the page for operators names every metric of ours, and no other", async () => {
  await using world = await World.start({ agents: 0 });
  const text = await (await fetch(`${world.credentials.baseUrl}/metrics`)).text();
  parseMetrics(text);
  const told = [...text.matchAll(/^# TYPE (halligan_\w+)/gm)].map(([, name]) => name);
  // What only a node with shared engines, or one that ends TLS, has.
  const elsewhere = ["halligan_bus_connected", "halligan_clock_offset_seconds", "halligan_database_round_trips_total"];
  const tls = ["halligan_tls_certificate_expiry_seconds", "halligan_tls_reload_failed"];
  const expected = [...told, ...elsewhere, ...tls].sort();
  assert.deepEqual(namesIn(operations, /halligan_[a-z_]+[a-z]/g), expected);
});
