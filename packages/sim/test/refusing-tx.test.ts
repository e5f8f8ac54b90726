import assert from "node:assert/strict";
import { test } from "node:test";
import { storeTx } from "@halligan/server/simulation";
import { MemoryDatabase } from "../src/server/memory-database.ts";
import { refusingTx } from "../src/server/postgres/watched-tx.ts";

test("statements that a dead server asks for together are all refused as a store refuses, none is thrown and none forgotten", async () => {
  const { executor } = await MemoryDatabase.open();
  let statements = 0;
  const tx = refusingTx(storeTx(executor), () => {
    statements += 1;
    if (statements > 1) throw new Error("this server is dead");
  });
  const asked = [tx.machines.byId("a"), tx.actions.unfinishedOf("a"), tx.library.byName("a")];
  await assert.rejects(Promise.all(asked), /this server is dead/);
  const [first, ...others] = await Promise.allSettled(asked);
  assert.deepEqual([first?.status, others.map(({ status }) => status)], ["fulfilled", ["rejected", "rejected"]]);
});
