import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { userAgent } from "@halligan/protocol/version";
import { Program } from "../../src/program.ts";
import { ENTRY } from "../../src/runtimes.ts";

const seen = new Set<string>();
const server = createServer((request, response) => {
  seen.add(request.headers["user-agent"] ?? "none");
  response.writeHead(404).end();
});
const folder = await mkdtemp(join(tmpdir(), "halligan-user-agents-"));
before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test("the agent and the command line name themselves, their version and their commit to the server", async () => {
  const enroll = [ENTRY.agent, "enroll", "--server", url(), "--data", join(folder, "agent"), "--token-stdin"];
  await using agent = new Program("agent", { command: process.execPath, args: enroll, env: {}, input: "t".repeat(43) });
  const settings = { HALLIGAN_URL: url(), HALLIGAN_CLIENT_ID: "id", HALLIGAN_CLIENT_SECRET: "secret" };
  await using cli = new Program("cli", { command: process.execPath, args: [ENTRY.cli, "machines"], env: settings });
  await Promise.all([agent.exited, cli.exited]);
  assert.deepEqual(
    [...seen].toSorted(),
    [userAgent("halligan"), userAgent("halligan-agent")].toSorted(),
    `${agent.output}\n${cli.output}`,
  );
});
