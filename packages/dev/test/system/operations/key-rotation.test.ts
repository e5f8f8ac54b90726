import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { accessToken } from "../../../src/torture/access-token.ts";
import { World } from "../../../src/world.ts";
import { addScript, runScript, runToEnd } from "../../e2e/live-response.ts";

const FILES = ["access-token.pem", "result-link.key", "link-ticket.key"] as const;

test("a token and a result link of before a rotation hold as long as their key is there as -previous, and no longer", async () => {
  await using world = await World.start();
  const [machine] = world.machines;
  assert.ok(machine);
  const keys = join(world.dataDir, "keys");
  const previous = (file: string) => join(keys, file.replace(".", "-previous."));
  const asks = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(`${world.credentials.baseUrl}/api/machines`, { headers })).status;
  };
  const opens = async (link: string) => (await fetch(link)).status;

  await addScript(world, "say.sh", "#!/bin/sh\necho said\n");
  const { id } = await runToEnd(world, machine.id, [runScript("say.sh")]);
  const [oldToken, oldLink] = [await accessToken(world.credentials), await world.client.getDownloadUrl(id, 0)];

  await world.server.stop();
  for (const file of FILES) await rename(join(keys, file), previous(file));
  const { privateKey } = generateKeyPairSync("ed25519");
  await writeFile(join(keys, "access-token.pem"), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
  for (const file of ["result-link.key", "link-ticket.key"]) {
    await writeFile(join(keys, file), randomBytes(32), { mode: 0o600 });
  }
  await world.startServer();

  const [newToken, newLink] = [await accessToken(world.credentials), await world.client.getDownloadUrl(id, 0)];
  assert.deepEqual([await asks(oldToken), await asks(newToken)], [200, 200]);
  assert.deepEqual([await opens(oldLink), await opens(newLink)], [200, 200]);
  assert.equal((await runToEnd(world, machine.id, [runScript("say.sh")])).status, "Succeeded", "agents notice nothing");

  await world.server.stop();
  for (const file of FILES) await rm(previous(file));
  await world.startServer();
  assert.deepEqual([await asks(oldToken), await asks(newToken)], [401, 200]);
  assert.notEqual(await opens(oldLink), 200);
  assert.equal(await opens(newLink), 200);
});
