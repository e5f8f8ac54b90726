import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";
import { World, type WorldMachine } from "../../../src/world.ts";
import { addScript, runScript, runToEnd } from "../../e2e/live-response.ts";

const idOf = (privateKey: KeyObject): string =>
  createHash("sha256")
    .update(Buffer.from(createPublicKey(privateKey).export({ format: "jwk" }).x ?? "", "base64url"))
    .digest("hex");

async function pinnedBy({ dataDir }: WorldMachine): Promise<string[]> {
  const file = join(dataDir, "agent.json");
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const { orderKeys }: { orderKeys: { keyId: string }[] } = JSON.parse(await readFile(file, "utf8"));
  return orderKeys.map(({ keyId }) => keyId);
}

/**
 * An agent of link version 1 pinned neither a number nor a recovery key; upgraded, it gets both on
 * its first connection.
 */
async function learnsItsRecoveryKey(world: World, { id, dataDir }: WorldMachine): Promise<void> {
  const file = join(dataDir, "agent.json");
  const read = async () => JSON.parse(await readFile(file, "utf8"));
  await world.agent(id).stop();
  const { orderKeySet, recoveryKey, ...before } = await read();
  assert.ok(orderKeySet > 0 && recoveryKey !== null);
  await writeFile(file, JSON.stringify(before), { mode: 0o600 });
  const agent = await world.startAgent(id);
  await agent.line((line) => line.includes("orderKeysPinned"));
  assert.deepEqual(await read(), { ...before, orderKeySet, recoveryKey });
}

test("agents that were enrolled before a rotation of the order key follow it, and one that missed it waits for the recovery key", {
  timeout: 300_000,
}, async () => {
  await using world = await World.start({ settings: { HALLIGAN_LIMITS_PROFILE: "open" } });
  const [steady] = world.machines;
  assert.ok(steady);
  const late = await world.enrollAgent("late");
  const tooLate = await world.enrollAgent("too-late");
  const keyFile = (phase = "") => join(world.dataDir, "keys", `order${phase}.pem`);
  const oldId = idOf(createPrivateKey(await readFile(keyFile())));
  const { privateKey } = generateKeyPairSync("ed25519");
  const newId = idOf(privateKey);
  let agent = world.agent(steady.id);
  const pins = (...ids: string[]) => {
    const keyIds = ids.map((id) => id.slice(0, 16)).join(" ");
    return agent.line((line) => line.includes("orderKeysPinned") && line.includes(`"keyIds":"${keyIds}"`));
  };
  await addScript(world, "say.sh", "#!/bin/sh\necho said\n");
  const runsOn = async ({ id }: WorldMachine) => {
    const { status, commands } = await runToEnd(world, id, [runScript("say.sh")]);
    assert.equal(status, "Succeeded", JSON.stringify(commands));
  };
  const restart = async (change: () => Promise<void>) => {
    await world.server.stop();
    await change();
    await world.startServer();
  };

  await runsOn(steady);
  assert.deepEqual(await pinnedBy(steady), [oldId]);
  await learnsItsRecoveryKey(world, steady);
  agent = world.agent(steady.id);

  await restart(() =>
    writeFile(keyFile("-next"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 }),
  );
  await pins(oldId, newId);
  assert.deepEqual(await pinnedBy(steady), [oldId, newId]);
  await runsOn(steady);

  await restart(async () => {
    await rename(keyFile(), keyFile("-previous"));
    await rename(keyFile("-next"), keyFile());
  });
  await pins(newId, oldId);
  await runsOn(steady);
  // It knows the old key alone, which the server still has.
  assert.deepEqual(await pinnedBy(late), [oldId]);
  await world.startAgent(late.id);
  await runsOn(late);
  assert.deepEqual(await pinnedBy(late), [newId, oldId]);

  const [recoveryFile, offline] = [join(world.dataDir, "keys", "recovery.pem"), join(world.folder, "recovery.pem")];
  await restart(async () => {
    await rm(keyFile("-previous"));
    // The private half is taken away; the server keeps the public one.
    await rename(recoveryFile, offline);
    const publicKey = createPublicKey(createPrivateKey(await readFile(offline)));
    await writeFile(recoveryFile, publicKey.export({ type: "spki", format: "pem" }), { mode: 0o600 });
  });
  await pins(newId);
  assert.deepEqual(await pinnedBy(steady), [newId]);
  await runsOn(steady);
  await runsOn(late);

  await using refused = new Program("agent too-late", {
    command: process.execPath,
    args: [ENTRY.agent, "run", "--data", tooLate.dataDir],
    env: {},
  });
  assert.match(await refused.line((line) => line.includes("linkRefused")), /enroll it again/);
  assert.match(await world.server.line((line) => line.includes("unknownServerKey")), /enroll it with a new token/);
  assert.deepEqual(await pinnedBy(tooLate), [oldId]);

  await using signing = new Program("sign-order-keys", {
    command: process.execPath,
    args: [ENTRY.server, "sign-order-keys", offline, "--data", world.dataDir],
    env: {},
  });
  assert.equal(await signing.exited, 0, signing.output);
  await refused.stop();
  await restart(async () => undefined);
  await world.startAgent(tooLate.id);
  await runsOn(tooLate);
  assert.deepEqual(await pinnedBy(tooLate), [newId]);
});
