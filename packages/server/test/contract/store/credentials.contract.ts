import assert from "node:assert/strict";
import { test } from "node:test";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import type { Store } from "../../../src/store/store.ts";

/** The part of the store contract about enrollment tokens and the secrets of applications. */
export function describeCredentials(store: () => Store, addMachine: () => Promise<Machine>): void {
  test("an enrollment token is used as often as it says and not once more, also at the same moment", async () => {
    await store().write((tx) =>
      tx.enrollmentTokens.insert({
        id: "t1",
        tokenSha256: "h1",
        uses: 3,
        expiresAtMs: 100,
        createdBy: "a",
        createdAtMs: 1,
      }),
    );
    const isUsable = (hash: string, nowMs: number) => store().read((tx) => tx.enrollmentTokens.isUsable(hash, nowMs));
    assert.equal(await isUsable("h1", 50), true);
    const used = await Promise.all(
      Array.from({ length: 10 }, () => store().write((tx) => tx.enrollmentTokens.use("h1", 50))),
    );
    assert.equal(used.filter(Boolean).length, 3);
    assert.equal(await isUsable("h1", 50), false);
    assert.equal(await isUsable("unknown", 50), false);
  });

  test("an expired enrollment token is not used", async () => {
    await store().write((tx) =>
      tx.enrollmentTokens.insert({
        id: "t2",
        tokenSha256: "h2",
        uses: 3,
        expiresAtMs: 100,
        createdBy: "a",
        createdAtMs: 1,
      }),
    );
    assert.equal(await store().read((tx) => tx.enrollmentTokens.isUsable("h2", 99)), true);
    assert.equal(await store().read((tx) => tx.enrollmentTokens.isUsable("h2", 100)), false);
    assert.equal(await store().write((tx) => tx.enrollmentTokens.use("h2", 100)), undefined);
  });

  test("tokens are listed newest first and in pages, with what was done with them", async () => {
    const ids = ["t-a", "t-b", "t-c"];
    const machine = await addMachine();
    await store().write(async (tx) => {
      for (const id of ids) {
        const times = { expiresAtMs: 2_000, createdAtMs: 1_000 };
        await tx.enrollmentTokens.insert({ id, tokenSha256: `hash ${id}`, uses: 2, createdBy: "a", ...times });
      }
      assert.equal(await tx.enrollmentTokens.use("hash t-b", 1_500), "t-b");
      const enrolledWith = "hash t-b";
      await tx.machines.addKey({ machineId: machine.id, publicKey: "key of t-b", fromMs: 1_500, enrolledWith });
    });
    const page = await store().read((tx) => tx.enrollmentTokens.list({ beforeId: null, limit: 2 }));
    assert.deepEqual(
      page.map(({ id, usesLeft, lastUsedAtMs, machinesEnrolled }) => [id, usesLeft, lastUsedAtMs, machinesEnrolled]),
      [
        ["t-c", 2, null, 0],
        ["t-b", 1, 1_500, 1],
      ],
    );
    const next = await store().read((tx) => tx.enrollmentTokens.list({ beforeId: "t-b", limit: 2 }));
    assert.equal(next[0]?.id, "t-a");
    assert.deepEqual(await store().read((tx) => tx.enrollmentTokens.list({ beforeId: "none", limit: 2 })), []);
    const enrollment = await store().read((tx) => tx.machines.enrollmentOf(machine.id));
    assert.deepEqual(enrollment, { atMs: 1_500, tokenId: "t-b" });
  });

  test("a revoked token is not used, and says by whom it was revoked", async () => {
    const token = { id: "t3", tokenSha256: "h3", uses: 3, expiresAtMs: 100, createdBy: "a", createdAtMs: 1 };
    await store().write(async (tx) => {
      await tx.enrollmentTokens.insert(token);
      await tx.enrollmentTokens.revoke("t3", 40, "b");
    });
    assert.equal(await store().write((tx) => tx.enrollmentTokens.use("h3", 50)), undefined);
    assert.equal(await store().read((tx) => tx.enrollmentTokens.isUsable("h3", 50)), false);
    const found = await store().read((tx) => tx.enrollmentTokens.byId("t3"));
    assert.deepEqual([found?.usesLeft, found?.revocation], [0, { atMs: 40, by: "b" }]);
  });

  test("an application's secrets are removed one by one or together; a removed one is not found any more", async () => {
    const secret = (id: string, expiresAtMs: number | null = null) => ({
      id,
      sha256: id,
      createdAtMs: 1,
      expiresAtMs,
    });
    const application = {
      clientId: "c1",
      name: "playbook",
      secrets: [secret("s1")],
      roles: ["Machine.LiveResponse" as const],
      keys: [{ kty: "OKP", crv: "Ed25519", x: "AA" }],
      createdAtMs: 1,
      ownerId: "c9",
      tokenGeneration: 0,
    };
    await store().write((tx) => tx.applications.insert(application));
    assert.deepEqual(await store().read((tx) => tx.applications.byClientId("c1")), application);
    // An id is found in any letter case, so a change by it must reach the same row.
    await store().write((tx) => tx.applications.insertSecret("C1", secret("s2", 99)));
    assert.deepEqual((await store().read((tx) => tx.applications.byClientId("c1")))?.secrets, [
      secret("s1"),
      secret("s2", 99),
    ]);
    assert.equal(await store().write((tx) => tx.applications.removeSecret("c2", "s2")), false);
    assert.equal(await store().write((tx) => tx.applications.removeSecret("C1", "s2")), true);
    assert.equal(await store().write((tx) => tx.applications.removeSecret("c1", "s2")), false);
    assert.equal(await store().write((tx) => tx.applications.removeSecrets("C1")), true);
    assert.equal(await store().write((tx) => tx.applications.removeSecrets("c1")), false);
    assert.equal(await store().write((tx) => tx.applications.revokeTokens("C1")), true);
    const changed = { ...application, secrets: [], tokenGeneration: 1 };
    assert.deepEqual(await store().read((tx) => tx.applications.byClientId("c1")), changed);
    await store().write((tx) => tx.applications.insert({ ...changed, clientId: "c2", tokenGeneration: 0 }));
    assert.deepEqual(
      (await store().read((tx) => tx.applications.list())).map(({ clientId }) => clientId),
      ["c1", "c2"],
    );
    assert.equal(await store().write((tx) => tx.applications.remove("c1", 5)), true);
    assert.equal(await store().read((tx) => tx.applications.byClientId("c1")), undefined);
    assert.equal(await store().write((tx) => tx.applications.revokeTokens("c1")), false);
  });
}
