import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMetrics } from "../../../server/test/unit/metrics/prometheus-text.ts";
import { World } from "../../src/world.ts";

const TOKEN = "a-token-of-this-test";

test("a load balancer and Prometheus get what they ask for, and no other client gets the figures", async () => {
  await using world = await World.start({ agents: 0, settings: { HALLIGAN_METRICS_TOKEN: TOKEN } });
  const { baseUrl } = world.credentials;
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${baseUrl}${path}`, { headers });
  const forwarded = { "x-forwarded-for": "192.0.2.1" };

  const alive = await get("/healthz", forwarded);
  assert.deepEqual([alive.status, await alive.json()], [200, { status: "alive" }]);
  const ready = await get("/readyz", forwarded);
  assert.deepEqual([ready.status, await ready.json()], [200, { ready: true, missing: [], warnings: [] }]);

  const refused = await get("/metrics", forwarded);
  assert.deepEqual([refused.status, refused.headers.get("www-authenticate")], [401, "Bearer"]);
  assert.equal((await refused.text()).includes("halligan_"), false);
  for (const authorization of [`Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`, "Bearer"]) {
    assert.equal((await get("/metrics", { ...forwarded, authorization })).status, 401, authorization);
  }
  assert.equal((await get("/metrics", { ...forwarded, authorization: `Bearer ${TOKEN}` })).status, 200);

  for (let n = 0; n < 20; n += 1) await get(`/no/such/path/${n}?marker`);
  const answer = await get("/metrics");
  assert.match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  assert.ok(!text.includes("such") && !text.includes("marker"), "what callers send is no label");
  const samples = parseMetrics(text);
  const count = (name: string, operation: string, label: string) =>
    samples.find(
      (one) => one.name === name && one.labels.operation === operation && Object.values(one.labels).includes(label),
    )?.value;
  assert.equal(count("halligan_http_request_seconds_count", "none", "404"), 20);
  assert.equal(count("halligan_requests_refused_total", "GetMetrics", "Unauthorized"), 5);
  assert.equal(
    samples.some(({ name }) => name === "halligan_bus_connected"),
    false,
    "this node has no bus",
  );
  assert.ok(!world.server.output.includes(TOKEN), "the token is in no log line");
});

test("behind a proxy on the same machine everybody seems to be this machine, so the token is wanted from all", async () => {
  await using world = await World.start({ agents: 0, settings: { HALLIGAN_TLS_ENDS_AT_PROXY: "true" } });
  const { status } = await fetch(`${world.credentials.baseUrl}/metrics`);
  assert.equal(status, 401);
});
