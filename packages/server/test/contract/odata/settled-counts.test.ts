import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CountedActions, type Step, takeRandomSteps } from "./counted-actions.ts";
import { SqliteLists } from "./odata-database.ts";

const database = await SqliteLists.open();
after(() => database[Symbol.asyncDispose]());
const counted = await CountedActions.of(database);

test("a count that starts from what is settled is the count of everything, whatever happened in between", () =>
  takeRandomSteps(counted, 150));

test("settled rows are not counted again, and a removal restarts the count", async () => {
  const count = () => counted.statementsOfCount();
  await count();
  assert.equal(await count(), 1, "from what was settled");
  const add: Step = { at: 1, status: "Failed", what: "add" };
  for (let n = 0; n < 3; n += 1) await counted.take(add);
  assert.equal(await count(), 1, "with what came since");
  await counted.take({ at: 0, status: "Failed", what: "remove" });
  assert.equal(await count(), 2, "not after a removal");
  for (let n = 0; n < 10; n += 1) await counted.take(add);
  assert.equal(await count(), 2, "not with more than may be looked up");
});
