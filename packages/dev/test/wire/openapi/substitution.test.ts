import assert from "node:assert/strict";
import { test } from "node:test";
import { substitution } from "./example-request.ts";

test("a real value that has another sample in it stays whole", () => {
  const document = { "x-samples": { machineId: "1e5bc9d7", deviceGroupId: 1001, fileName: "a.sh" } };
  const withReal = substitution(document, { machineId: "77100177", deviceGroupId: 3, fileName: "b.sh" });
  assert.equal(withReal("/machines/1e5bc9d7/groups/1001/a.sh?not=axsh"), "/machines/77100177/groups/3/b.sh?not=axsh");
});
