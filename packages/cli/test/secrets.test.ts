import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { machineIdOf, openSecrets, signSecretKey } from "@halligan/protocol/link-crypto";
import { ACTION_ID, MACHINE_ID } from "./fake-entities.ts";
import { credentialsOf, makeWorld } from "./halligan.ts";

const VALUE = "a-value-that-must-not-show";

describe("--secret", { concurrency: 4 }, () => {
  it("takes no value as an argument, and does not repeat one", async () => {
    await using world = await makeWorld();
    for (const [secret, message] of [
      [`TOKEN=${VALUE}`, /takes @FILE, no value/],
      ["TOKEN=", /takes @FILE, no value/],
      ["TOKEN=@", /takes @FILE, no value/],
      ["LD_PRELOAD", /LD_PRELOAD cannot be a secret/],
      ["a-b", /a-b is no name of a variable/],
      [`=${VALUE}`, /the name is no name of a variable/],
    ] as const) {
      const { exitCode, stderr, stdout } = await world.run("exec", "web-01", "true", "--secret", secret);
      assert.equal(exitCode, 64, stderr);
      assert.match(stderr, message);
      assert.ok(!(stderr + stdout).includes(VALUE), secret);
    }
    const twice = await world.run("exec", "web-01", "true", "--secret", "A=@x", "--secret", "a");
    assert.match(twice.stderr, /a is given twice/);
    const noTerminal = await world.run("exec", "web-01", "-", "--secret", "TOKEN");
    assert.match(noTerminal.stderr, /standard input, which is the script/);
    const get = await world.run("get", "web-01", "/x", "--secret", "TOKEN");
    assert.equal(get.exitCode, 64);
    assert.deepEqual(world.api.seen, []);
  });

  it("refuses files and lines that are no value, before any request", async () => {
    await using world = await makeWorld();
    const write = (name: string, bytes: Buffer | string) => {
      const file = join(world.folder, name);
      writeFileSync(file, bytes);
      return `TOKEN=@${file}`;
    };
    for (const secret of [
      write("empty", ""),
      write("line", "\n"),
      write("nul", "a\0b"),
      write("latin", Buffer.from([0xe4, 0x20])),
    ]) {
      const { exitCode, stderr } = await world.run("exec", "web-01", "true", "--secret", secret);
      assert.equal(exitCode, 64, stderr);
      assert.match(stderr, /is empty, has more than 16384 bytes, is not UTF-8/);
    }
    const big = await world.run("exec", "web-01", "true", "--secret", write("big", "x".repeat(16_387)));
    assert.match(big.stderr, /more than 16386 bytes/);
    const absent = await world.run("exec", "web-01", "true", "--secret", "TOKEN=@/absent/file");
    assert.equal(absent.exitCode, 73, absent.stderr);
    const options = { stdin: `${VALUE}\n`, variables: credentialsOf(world.api) };
    const short = await world.call(["exec", "web-01", "true", "--secret", "A", "--secret", "B"], options);
    assert.match(short.stderr, /1 lines for 2 secrets/);
    assert.deepEqual(world.api.seen, []);
  });

  it("encrypts nothing to a key that the machine has not signed, and starts nothing", async () => {
    await using world = await makeWorld();
    const [device, other] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
    const publicKey = device.publicKey.export({ format: "jwk" }).x ?? "";
    const signed = signSecretKey(MACHINE_ID, generateKeyPairSync("x25519").privateKey, other.privateKey);
    const json = { machineId: MACHINE_ID, publicKey, ...signed };
    world.api.script.routes.set(`GET /halligan/v1/machines/${MACHINE_ID}/secret-key`, () => ({ status: 200, json }));
    const options = { stdin: `${VALUE}\n12345\n`, variables: credentialsOf(world.api) };
    const { exitCode, stderr } = await world.call(
      ["exec", "web-01", "true", "--secret", "A", "--secret", "B"],
      options,
    );
    assert.equal(exitCode, 86, stderr);
    assert.match(stderr, /a key for secrets that machine \w+ has not signed/);
    assert.match(stderr, /B has fewer than 6 bytes/);
    assert.deepEqual(world.api.started, []);
  });

  it("goes with the start as ciphertext that only the machine reads, from files and from lines", async () => {
    await using world = await makeWorld();
    const device = generateKeyPairSync("ed25519");
    const { privateKey } = generateKeyPairSync("x25519");
    const publicKey = device.publicKey.export({ format: "jwk" }).x ?? "";
    const machineId = machineIdOf(publicKey);
    const json = { machineId, publicKey, ...signSecretKey(machineId, privateKey, device.privateKey) };
    world.api.script.routes.set(`GET /halligan/v1/machines/${machineId}/secret-key`, () => ({ status: 200, json }));
    const file = join(world.folder, "token");
    writeFileSync(file, `${VALUE}\r\n`);
    const args = ["exec", machineId.toUpperCase(), "true", "--secret", "A", "--secret", `F=@${file}`, "--secret", "B"];
    const options = { stdin: "first line\nsecond = line\nrest\n", variables: credentialsOf(world.api) };
    const { exitCode, stderr } = await world.call(args, options);
    assert.equal(exitCode, 0, stderr);
    const secretEnv = world.api.started[0]?.secretEnv;
    assert.ok(secretEnv);
    const read = openSecrets(machineId, privateKey, secretEnv);
    assert.ok(read.ok);
    assert.deepEqual(
      read.value.map(({ name, value }) => [name, value.toString()]),
      [
        ["A", "first line"],
        ["F", VALUE],
        ["B", "second = line"],
      ],
    );
    assert.ok(!JSON.stringify(world.api.started).includes(VALUE));
  });

  it("is shown by its name", async () => {
    await using world = await makeWorld();
    const secretNames = ["TOKEN", "KEY"];
    const timing = { actionId: ACTION_ID, status: "Succeeded", steps: [], totalMs: 0, waiting: [], secretNames };
    world.api.script.statuses = ["Succeeded"];
    world.api.script.routes.set(`GET /halligan/v1/actions/${ACTION_ID}/timing`, () => ({ status: 200, json: timing }));
    assert.match((await world.run("action", ACTION_ID)).stdout, /^secrets +TOKEN, KEY$/m);
    assert.deepEqual(JSON.parse((await world.run("action", ACTION_ID, "--json")).stdout).secretNames, secretNames);
  });
});
