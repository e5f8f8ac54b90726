import assert from "node:assert/strict";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ApiError } from "@halligan/protocol/client";
import { until } from "../../../../protocol/test/support/until.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";
import { accessToken } from "../../../src/torture/access-token.ts";
import { World, type WorldMachine } from "../../../src/world.ts";
import { addScript, runScript, waitFor } from "../../e2e/live-response.ts";

const SCRIPTS = 8;
const options = { timeout: 40_000 };

const agentOn = (dataDir: string, name: string) =>
  new Program(name, { command: process.execPath, args: [ENTRY.agent, "run", "--data", dataDir], env: {} });

const event = (name: string) => (line: string) => line.includes(`"event":"${name}"`);

/**
 * The script writes one line into a file that both copies can write; so each start is seen, on
 * whichever copy.
 */
async function openWorld() {
  const world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  const [machine] = world.machines;
  assert.ok(machine);
  await addScript(world, "say.sh", '#!/bin/sh\necho "$2" >> "$1"\n');
  const startsFile = join(world.folder, "starts");
  const copyDir = join(world.folder, "agents", "copy");
  let asked = 0;
  return {
    world,
    machine,
    copyDir,
    original: () => agentOn(machine.dataDir, "original"),
    copy: () => agentOn(copyDir, "copy"),
    /** A backup or a cloned disk: everything but what names a running process. */
    async copyFolder(): Promise<void> {
      await cp(machine.dataDir, copyDir, { recursive: true });
      await rm(join(copyDir, "agent.lock"), { force: true });
    },
    /** Null when the machine takes no more actions. */
    async run(): Promise<string | null> {
      asked += 1;
      const Commands = [runScript("say.sh", `'${startsFile}' ${asked}`)];
      try {
        const { id } = await world.client.runLiveResponse(machine.id, { Commands, Comment: "clone" });
        return id;
      } catch (cause) {
        if (cause instanceof ApiError && cause.code === "DisallowedOperation") return null;
        throw cause;
      }
    },
    ended: (id: string) =>
      waitFor(world, id, ({ status }) => ["Succeeded", "Failed", "TimeOut", "Cancelled"].includes(status)),
    async starts(): Promise<string[]> {
      const text = await readFile(startsFile, "utf8").catch(() => "");
      return text.split("\n").filter((line) => line !== "");
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

type Opened = Awaited<ReturnType<typeof openWorld>>;

async function quarantineRecord({ world }: Opened, { id }: WorldMachine): Promise<void> {
  const { baseUrl } = world.credentials;
  const headers = { authorization: `Bearer ${await accessToken(world.credentials)}` };
  const records = await until(async () => {
    const answer = await fetch(`${baseUrl}/halligan/v1/audit?machineId=${id}&operation=QuarantineMachine`, { headers });
    const { value }: { value: unknown[] } = JSON.parse(await answer.text());
    return value.length > 0 && value;
  }, "the audit record of the quarantine");
  assert.equal(records.length, 1, JSON.stringify(records));
}

/** Neither copy runs anything further, and no requested action stays open. */
async function isClosedForBoth(at: Opened, asked: readonly string[]): Promise<void> {
  await quarantineRecord(at, at.machine);
  assert.equal(await at.run(), null, "a machine in quarantine takes no action");
  for (const id of asked) await at.ended(id);
  const starts = await at.starts();
  assert.equal(new Set(starts).size, starts.length, `a command started twice: ${starts.join(" ")}`);
  assert.match(await at.world.server.line((line) => line.includes("machine put in quarantine")), /data folder/);
}

describe("a data folder that was copied with its journal", { concurrency: 1 }, () => {
  for (const first of ["original", "copy"] as const) {
    test(
      `of a stopped agent: when both connect in turn, the ${first} first, the second turn of the first one proves it`,
      options,
      async () => {
        await using at = await openWorld();
        await at.world.agent(at.machine.id).stop();
        await at.copyFolder();
        const asked: string[] = [];
        const order = first === "original" ? [at.original, at.copy] : [at.copy, at.original];
        for (let turn = 0; turn < SCRIPTS; turn += 1) {
          const id = await at.run();
          if (id === null) break;
          asked.push(id);
          await using agent = order[turn % 2]?.() ?? at.original();
          const outcome = await Promise.race([
            at.ended(id).then(() => "ended"),
            agent.line(event("linkRefused")).then(() => "refused"),
          ]);
          if (outcome === "refused") assert.match(agent.output, /remove .*data folder/);
          await agent.stop();
        }
        assert.ok((await at.starts()).length <= 1, `more than one connection ran a script: ${await at.starts()}`);
        await isClosedForBoth(at, asked);
      },
    );
  }

  test(
    "of a running agent, started next to it: the server finds two live processes and nothing runs on the copy",
    options,
    async () => {
      await using at = await openWorld();
      await at.copyFolder();
      await using copy = at.copy();
      await copy.line(event("linkRefused"));
      await isClosedForBoth(at, []);
      assert.deepEqual(await at.starts(), []);
    },
  );

  test(
    "of a running agent before its next connection: the copy presents an old value and is refused",
    options,
    async () => {
      await using at = await openWorld();
      await at.copyFolder();
      // Each connection replaces the value that the copy has.
      await at.world.server.stop();
      await at.world.startServer();
      const again = (line: string) => line.includes('"event":"linked"') && line.includes('"linkEpoch":2');
      await at.world.agent(at.machine.id).line(again);
      await at.world.agent(at.machine.id).stop();
      const id = await at.run();
      assert.ok(id);
      await using copy = at.copy();
      await copy.line(event("linkRefused"));
      await isClosedForBoth(at, [id]);
      assert.deepEqual(await at.starts(), []);
    },
  );

  test("before its first connection: the original's next connection proves it", options, async () => {
    await using at = await openWorld();
    const machine = await at.world.enrollAgent("image");
    await cp(machine.dataDir, at.copyDir, { recursive: true });
    await using original = agentOn(machine.dataDir, "original");
    await original.line(event("linked"));
    await original.stop();
    await using copy = at.copy();
    await copy.line(event("linked"));
    await copy.stop();
    await using again = agentOn(machine.dataDir, "original again");
    await again.line(event("linkRefused"));
    await quarantineRecord(at, machine);
  });
});
