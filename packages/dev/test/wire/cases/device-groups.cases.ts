import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertSucceeded } from "../support/api.ts";
import { getFile } from "../support/commands.ts";
import { assertError } from "../support/golden.ts";
import { numberAt, textAt } from "../support/json.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * Device groups as clients see them. `docs/contract/lifecycle.md#queue-and-concurrency`,
 * `docs/contract/http-api.md#machines`.
 */
describe("device groups", { skip: onlyHalligan("its own interface for device groups") }, () => {
  test("a group without a remediation level refuses live response: 403 DisallowedOperation; with any level it is taken", async () => {
    const { api, machineId } = here();
    const made = await api.post("/halligan/v1/device-groups", { name: "careful", remediationLevel: "none" });
    assert.equal(made.status, 201, made.text);
    const groupId = numberAt(made.body, "id");
    const moved = await api.send("PUT", `/halligan/v1/machines/${machineId}/device-group`, { json: { groupId } });
    assert.equal(moved.status, 200, moved.text);
    assertError(await api.run(machineId, [getFile("/etc/hostname")]), 403, "DisallowedOperation");
    for (const remediationLevel of ["semi-all", "semi-non-temp", "semi-system", "full"]) {
      const path = `/halligan/v1/device-groups/${groupId}`;
      assert.equal((await api.send("PUT", path, { json: { name: "careful", remediationLevel } })).status, 200);
      assertSucceeded(await api.runToEnd(machineId, [getFile("/etc/hostname")]));
    }
  });

  test("rbacGroupId is a number, 0 for a machine in no group, and rbacGroupName the group's name", async () => {
    const { api, machineId } = here();
    const machine = await api.get(`/api/machines/${machineId}`);
    assert.ok(numberAt(machine.body, "rbacGroupId") > 0);
    assert.equal(textAt(machine.body, "rbacGroupName"), "careful");
    const path = `/halligan/v1/machines/${machineId}/device-group`;
    assert.equal((await api.send("PUT", path, { json: { groupId: 0 } })).status, 200);
    assert.equal(numberAt((await api.get(`/api/machines/${machineId}`)).body, "rbacGroupId"), 0);
  });

  test("the default group allows live response", async () => {
    const { api, machineId } = here();
    assertSucceeded(await api.runToEnd(machineId, [getFile("/etc/hostname")]));
  });
});
