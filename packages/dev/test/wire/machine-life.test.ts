import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { absentMachine } from "./support/absent-machines.ts";
import { getFile } from "./support/commands.ts";
import { assertError, assertGolden } from "./support/golden.ts";
import { at, listAt, textAt } from "./support/json.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

/**
 * What Halligan's own interface says of machines and enrollment tokens, and what of it the
 * contract's lists show.
 */
describe("machines and enrollment tokens", { skip: onlyHalligan("its interface for machines") }, () => {
  const here = setUp({ agents: 1 });
  const path = (machineId: string, operation = "") => `/halligan/v1/machines/${machineId}${operation}`;
  const idsOf = (body: unknown) => listAt(body, "value").map((one) => textAt(one, "id"));
  const retiredMachine = async () => {
    const machineId = await absentMachine(here());
    assert.equal((await here().api.post(path(machineId, "/retire"), { reason: "sold" })).status, 200);
    return machineId;
  };

  test("the details are the contract's entity and what the contract has no word for", async () => {
    const { api, machineId } = here();
    const contract = await api.get(`/api/machines/${machineId}`);
    const details = await api.get(path(machineId));
    assert.equal(details.status, 200, details.text);
    assertGolden(details.body, {
      ...Object.fromEntries(
        Object.entries(contract.body ?? {}).map(([key, value]) => [key, key === "lastSeen" ? "<time>" : value]),
      ),
      deviceName: textAt(contract.body, "computerDnsName"),
      displayName: null,
      state: "active",
      isConnected: true,
      retiredAt: null,
      retiredBy: null,
      retireReason: null,
      quarantineReason: null,
      enrollmentTokenId: "<guid>",
      unfinishedActionId: null,
    });
  });

  test("a name is given, shown by the contract's entity, list and look-up, and taken back", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const renamed = await api.send("PUT", path(machineId, "/name"), { json: { name: "Reception desk" } });
    assert.equal(renamed.status, 200, renamed.text);
    assert.equal(textAt((await api.get(`/api/machines/${machineId}`)).body, "computerDnsName"), "Reception desk");
    const filter = encodeURIComponent("computerDnsName eq 'reception desk'");
    assert.deepEqual(idsOf((await api.get(`/api/machines?$filter=${filter}`)).body), [machineId]);
    assert.equal(textAt((await api.get("/api/machines/reception%20desk")).body, "id"), machineId);
    const restored = await api.send("PUT", path(machineId, "/name"), { json: { name: null } });
    assert.deepEqual(
      [at(restored.body, "displayName"), at(restored.body, "computerDnsName")],
      [null, "absent.example"],
    );
  });

  test("a name that is empty, too long, or more than a line is refused", async () => {
    const { api, machineId } = here();
    for (const name of ["", " ", " x", "x ", "a\nb", "a\u001b[31m", "x".repeat(121), 7, undefined]) {
      const answer = await api.send("PUT", path(machineId, "/name"), { json: { name } });
      assert.equal(answer.status, 400, `${JSON.stringify(name)}: ${answer.text}`);
      if (typeof name === "string") {
        assertError(answer, 400, "InvalidRequestBody", /name must (be one line of text|not have)/);
        assert.doesNotMatch(answer.text, /pattern|accepted forms/);
      }
    }
  });

  test("the record of a removal names the machine as it was shown, and by its own name", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    await api.send("PUT", path(machineId, "/name"), { json: { name: "Front desk" } });
    await api.post(path(machineId, "/retire"), { reason: "sold" });
    assert.equal((await api.send("DELETE", path(machineId))).status, 204);
    const audit = await api.get(`/halligan/v1/audit?machineId=${machineId}&operation=DeleteMachine`);
    assert.deepEqual(at(audit.body, "value", 0, "detail"), {
      computerDnsName: "Front desk",
      deviceName: "absent.example",
    });
  });

  test("a retired machine is hidden, listed when asked for, refuses actions, and keeps the history of its actions", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const actionId = await api.start(machineId, [getFile("/etc/hosts")]);
    const retired = await api.post(path(machineId, "/retire"), { reason: "sold" });
    assert.equal(retired.status, 200, retired.text);
    assert.deepEqual(
      ["state", "retiredBy", "retireReason", "healthStatus", "onboardingStatus"].map((key) => at(retired.body, key)),
      ["retired", "administrator", "sold", "Inactive", "CanBeOnboarded"],
    );
    const action = (await api.action(actionId)).body;
    assert.equal(at(action, "status"), "Failed");
    assert.equal(at(action, "commands", 0, "errors", 0), "The machine was retired by administrator: sold");
    assertError(await api.run(machineId, [getFile("/etc/hosts")]), 403, "DisallowedOperation", /was retired at/);
    for (const list of ["/api/machines", "/halligan/v1/machines", "/halligan/v1/machines?state=inUse"]) {
      assert.ok(!idsOf((await api.get(list)).body).includes(machineId), list);
    }
    for (const state of ["retired", "all"]) {
      assert.ok(idsOf((await api.get(`/halligan/v1/machines?state=${state}`)).body).includes(machineId), state);
    }
    const again = await api.post(path(machineId, "/retire"), { reason: "other" });
    assert.equal(at(again.body, "retireReason"), "sold");
    assert.equal((await api.send("DELETE", path(machineId))).status, 204);
    assertError(await api.get(`/api/machines/${machineId}`), 404, "ResourceNotFound");
    assertError(await api.get(path(machineId)), 404, "ResourceNotFound");
    assert.equal(at((await api.action(actionId)).body, "status"), "Failed");
    const audit = await api.get(`/halligan/v1/audit?machineId=${machineId}`);
    const operations = listAt(audit.body, "value").map((one) => textAt(one, "operation"));
    assert.deepEqual(operations.slice(0, 2), ["DeleteMachine", "RetireMachine"]);
  });

  test("a machine in use is not removed", async () => {
    const { api, machineId } = here();
    assertError(await api.send("DELETE", path(machineId)), 400, "BadRequest", /retire it before/);
  });

  test("the list pages through retired machines, and takes no option that it does not know", async () => {
    const { api } = here();
    const ids = [await retiredMachine(), await retiredMachine()];
    const first = await api.get("/halligan/v1/machines?state=retired&$top=10000&$skip=0&$count=true");
    assert.equal(at(first.body, "@odata.count"), listAt(first.body, "value").length);
    assert.ok(ids.every((id) => idsOf(first.body).includes(id)));
    for (const query of ["state=gone", "state=all&state=all", "stat=all", "$select=nothing"]) {
      assert.equal((await api.get(`/halligan/v1/machines?${query}`)).status, 400, query);
    }
    const selected = await api.get("/halligan/v1/machines?state=retired&$select=id,retireReason&$top=1");
    assert.deepEqual(Object.keys(listAt(selected.body, "value")[0] ?? {}), ["id", "retireReason"]);
  });

  test("tokens are listed without the token, lead to their machines, and are revoked", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const tokenId = textAt((await api.get(path(machineId))).body, "enrollmentTokenId");
    const list = await api.get("/halligan/v1/enrollment-tokens?top=1000");
    const token = listAt(list.body, "value").find((one) => at(one, "id") === tokenId);
    const golden = {
      id: tokenId,
      state: "usedUp",
      createdBy: "administrator",
      createdAt: "<time>",
      expiresAt: "<time>",
      uses: 1,
      usesLeft: 0,
      lastUsedAt: "<time>",
      machinesEnrolled: 1,
      revokedAt: null,
      revokedBy: null,
    };
    assertGolden(token, golden);
    assert.deepEqual(idsOf((await api.get(`/halligan/v1/machines?enrollmentTokenId=${tokenId}`)).body), [machineId]);
    const revoked = await api.send("POST", `/halligan/v1/enrollment-tokens/${tokenId}/revoke`);
    assertGolden(revoked.body, { ...golden, state: "revoked", revokedAt: "<time>", revokedBy: "administrator" });
    const page = await api.get("/halligan/v1/enrollment-tokens?top=1");
    const next = new URL(textAt(page.body, "nextLink"));
    const second = await api.get(`${next.pathname}${next.search}`);
    assert.equal(listAt(second.body, "value").length, 1);
    assert.notDeepEqual(idsOf(second.body), idsOf(page.body));
    for (const query of ["top=0", "top=1001", "top=x", "tpo=1"]) {
      assertError(await api.get(`/halligan/v1/enrollment-tokens?${query}`), 400, "InvalidInput");
    }
  });

  test("a retirement reaches a real agent: it is let out, and in again after it was reinstated", async () => {
    const { api, machineId } = here();
    const isConnected = async () => at((await api.get(path(machineId))).body, "isConnected");
    assert.equal((await api.post(path(machineId, "/retire"), { reason: "by mistake" })).status, 200);
    await here()
      .world.agent(machineId)
      .line((line) => line.includes('"event":"linkRefused"'));
    assert.equal(await isConnected(), false);
    assert.equal((await api.send("POST", path(machineId, "/reinstate"))).status, 200);
    await here().world.agent(machineId).stop();
    await here().world.startAgent(machineId);
    assert.equal(await isConnected(), true);
    await api.runToEnd(machineId, [getFile("/etc/hostname")]);
  });
});
