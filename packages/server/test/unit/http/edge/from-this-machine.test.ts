import assert from "node:assert/strict";
import { test } from "node:test";
import { isFromThisMachine } from "../../../../src/http/api/operations/probes/get-metrics.ts";

test("only what comes from this machine itself, and through no proxy that says so, reads the metrics without the token", () => {
  for (const own of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(isFromThisMachine(own, { host: "halligan.test" }), true, own);
    for (const header of ["x-forwarded-for", "forwarded", "x-real-ip", "via"]) {
      assert.equal(isFromThisMachine(own, { [header]: "127.0.0.1" }), false, header);
    }
  }
  for (const other of ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "1127.0.0.1", "127.0.0.1.example", "::2", ""]) {
    assert.equal(isFromThisMachine(other, {}), false, other);
  }
});
