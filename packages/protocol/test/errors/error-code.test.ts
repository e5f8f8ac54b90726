import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorCode } from "@halligan/protocol/errors";

test("the code of an error of the system is read, and every other value has none", () => {
  assert.throws(
    () => readFileSync("/does/not/exist"),
    (error) => errorCode(error) === "ENOENT",
  );
  assert.equal(errorCode(new Error("text")), null);
  assert.equal(errorCode(Object.assign(new Error("text"), { code: 23 })), null);
  for (const value of [undefined, null, "ENOENT", { code: "ENOENT" }]) assert.equal(errorCode(value), null);
});
