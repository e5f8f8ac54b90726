import assert from "node:assert/strict";
import { test } from "node:test";
import { UNKNOWN_MACHINE } from "../support/commands.ts";
import { assertError, assertGolden, context } from "../support/golden.ts";
import { at, keysOf, listAt, numberAt, textAt } from "../support/json.ts";
import { rawSend } from "../support/raw-http.ts";
import { here } from "../support/shared.ts";
import { onlyHalligan } from "../support/target.ts";

/**
 * Machines. `docs/contract/clients-in-the-wild.md#machines`, `docs/contract/http-api.md#machines`.
 */
const MACHINE = {
  id: "<machine id>",
  computerDnsName: "<text or null>",
  firstSeen: "<time>",
  lastSeen: "<time>",
  osPlatform: "<text or null>",
  osVersion: "<text or null>",
  osProcessor: "<text or null>",
  version: "<text or null>",
  lastIpAddress: "<text or null>",
  lastExternalIpAddress: "<text or null>",
  agentVersion: "<text or null>",
  osBuild: "<integer or null>",
  healthStatus: "<health>",
  deviceValue: "<device value>",
  rbacGroupId: "<integer>",
  rbacGroupName: "<text or null>",
  riskScore: "<risk>",
  exposureLevel: "<exposure>",
  isAadJoined: "<boolean or null>",
  aadDeviceId: "<text or null>",
  machineTags: "<texts>",
  defenderAvStatus: "<text or null>",
  onboardingStatus: "<onboarding>",
  osArchitecture: "<text or null>",
  managedBy: "<text or null>",
  managedByStatus: "<text or null>",
  ipAddresses: "<list>",
  vmMetadata: "<object or null>",
};

const GET_QUERY = (path: string) =>
  rawSend(here().target.baseUrl, { target: path, headers: [`Authorization: Bearer ${here().api.token}`] });

async function idsOf(query: string): Promise<string[]> {
  const answer = await GET_QUERY(`/api/machines${query}`);
  assert.equal(answer.status, 200, `${query}: ${answer.text}`);
  return listAt(answer.body, "value").map((machine) => textAt(machine, "id"));
}

const mine = (found: readonly string[]) => found.filter((id) => here().target.machineIds.includes(id)).toSorted();
const all = () => here().target.machineIds.toSorted();
const filter = (text: string) => `?$filter=${encodeURIComponent(text)}`;
const own = async () => (await here().api.get(`/api/machines/${here().machineId}`)).body;

test("one machine has these keys, and its context", async () => {
  const answer = await here().api.get(`/api/machines/${here().machineId}`);
  assert.equal(answer.status, 200);
  assertGolden(answer.body, { "@odata.context": context("Machines/$entity"), ...MACHINE, id: here().machineId });
});

test("the list has its context and the same entities without one", async () => {
  const answer = await here().api.get("/api/machines");
  assert.equal(answer.status, 200);
  assert.deepEqual(keysOf(answer.body), ["@odata.context", "value"]);
  assertGolden(at(answer.body, "@odata.context"), context("Machines"));
  for (const machine of listAt(answer.body, "value")) assertGolden(machine, MACHINE);
});

test("ipAddresses and machineTags can be iterated, addresses with their kind", async () => {
  const machine = await own();
  const addresses = listAt(machine, "ipAddresses");
  assert.ok(addresses.length > 0);
  for (const address of addresses) {
    assertGolden(address, {
      ipAddress: "<text>",
      macAddress: "<text or null>",
      type: "<address type>",
      operationalStatus: "<text>",
    });
  }
  assert.ok(Array.isArray(at(machine, "machineTags")));
});

test("a machine that is there is Active and Onboarded, and its osPlatform tells scripts apart", async () => {
  const machine = await own();
  assert.equal(textAt(machine, "healthStatus"), "Active");
  assert.equal(textAt(machine, "onboardingStatus"), "Onboarded");
  assert.equal(/windows/i.test(textAt(machine, "osPlatform")), process.platform === "win32");
});

test("a machine is found by its computer name too", async () => {
  const name = textAt(await own(), "computerDnsName");
  const answer = await here().api.get(`/api/machines/${encodeURIComponent(name)}`);
  assert.equal(answer.status, 200);
  assert.equal(textAt(answer.body, "id"), here().machineId);
});

test("a machine that is not there is 404 ResourceNotFound", async () => {
  assertError(await here().api.get(`/api/machines/${UNKNOWN_MACHINE}`), 404, "ResourceNotFound", /was not found/);
  assertError(await here().api.get("/api/machines/no-such-name"), 404, "ResourceNotFound");
});

test("the filters that clients send are understood", async () => {
  const machine = await own();
  const name = textAt(machine, "computerDnsName");
  const address = textAt(machine, "lastIpAddress");
  const { machineId } = here();
  for (const [text, found] of [
    ["onboardingStatus eq 'Onboarded' and healthStatus eq 'Active'", all()],
    [`computerDnsName eq '${name}'`, [machineId]],
    [`id eq '${machineId}'`, [machineId]],
    [`lastIpAddress eq '${address}' and id eq '${machineId}'`, [machineId]],
    [`id eq '${machineId}' or id eq '${UNKNOWN_MACHINE}'`, [machineId]],
    [`computerDnsName eq '${name}' or lastIpAddress eq '203.0.113.99'`, [machineId]],
    [`startswith(computerDnsName,'${name}')`, [machineId]],
    ["healthStatus eq 'Inactive'", []],
  ] as const) {
    const query = filter(text);
    assert.deepEqual(mine(await idsOf(query)), found, text);
    assert.deepEqual(mine(await idsOf(query.replaceAll("%20", "+").replace("$", "%24"))), found, text);
  }
});

for (const text of [
  "computerDnsName ne 'x'",
  "id ne 'x'",
  "version ne 'x'",
  "deviceValue eq 'Normal'",
  "aadDeviceId eq '00000000-0000-0000-0000-000000000000'",
  "machineTags/any(tag: tag eq 'x')",
  "lastSeen gt 2018-08-01Z",
  "exposureLevel eq 'Low'",
  "onboardingStatus eq 'Onboarded'",
  "lastIpAddress ne 'x'",
  "healthStatus eq 'Active'",
  "osPlatform ne 'x'",
  "riskScore eq 'High'",
  "rbacGroupId eq 0",
]) {
  test(`the property can be filtered: ${text}`, async () => {
    assert.equal((await GET_QUERY(`/api/machines${filter(text)}`)).status, 200);
  });
}

test("$top to 10,000 and $skip page through all of them", async () => {
  assert.deepEqual(mine(await idsOf("?$top=10000")), all());
  assert.equal((await idsOf("?$top=1")).length, 1);
  const paged = [...(await idsOf("?$top=1")), ...(await idsOf("?$skip=1"))];
  assert.deepEqual(mine(paged), all());
  assertError(await GET_QUERY("/api/machines?$top=10001"), 400, "ODataError");
});

test("$count=true gives @odata.count of machines too", async () => {
  const answer = await GET_QUERY("/api/machines?$count=true&$top=1");
  assert.equal(answer.status, 200, answer.text);
  assert.equal(numberAt(answer.body, "@odata.count"), (await idsOf("")).length);
});

test("no machine that fits is 200 with an empty value", async () => {
  const answer = await GET_QUERY(`/api/machines${filter(`id eq '${UNKNOWN_MACHINE}'`)}`);
  assert.equal(answer.status, 200, answer.text);
  assertGolden(answer.body, { "@odata.context": context("Machines"), value: [] });
});

test("a filter that is none is 400 ODataError", async () => {
  for (const text of ["noSuchProperty eq 'x'", "id eq", "id eq x", "rbacGroupId eq 'zero'", "lastSeen gt soon"]) {
    assertError(await GET_QUERY(`/api/machines${filter(text)}`), 400, "ODataError");
  }
});

test("findbytag finds whole tags, and beginnings when asked", { skip: onlyHalligan("to set a tag") }, async () => {
  const { api, machineId } = here();
  const tagged = await api.post(`/api/machines/${machineId}/tags`, { Value: "wire test", Action: "Add" });
  assert.equal(tagged.status, 200, tagged.text);
  const found = async (query: string) => {
    const answer = await GET_QUERY(`/api/machines/findbytag?${query}`);
    assert.equal(answer.status, 200, `${query}: ${answer.text}`);
    assertGolden(at(answer.body, "@odata.context"), context("Machines"));
    return listAt(answer.body, "value").map((machine) => textAt(machine, "id"));
  };
  assert.deepEqual(await found("tag=wire%20test"), [machineId]);
  assert.deepEqual(await found("tag=wire+test&useStartsWithFilter=false"), [machineId]);
  assert.deepEqual(await found("tag=wire"), []);
  assert.deepEqual(await found("tag=wire&useStartsWithFilter=true"), [machineId]);
  assert.deepEqual(await found("tag=other&useStartsWithFilter=true"), []);
  assert.deepEqual(listAt(await own(), "machineTags"), ["wire test"]);
});

test("findbytag without a tag is 400 with the contract's error", async () => {
  const answer = await GET_QUERY("/api/machines/findbytag");
  assertError(answer, 400, textAt(answer.body, "error", "code"));
});

test("findbyip finds a machine within 15 minutes of its word, in raw and encoded spelling", async () => {
  const machine = await own();
  const address = textAt(machine, "lastIpAddress");
  const seen = textAt(machine, "lastSeen");
  for (const path of [
    `/api/machines/findbyip(ip='${address}',timestamp=${seen})`,
    `/api/machines/FindByIp(ip='${address}',timestamp=${seen})`,
    `/api/machines/findbyip(ip=%27${address}%27,timestamp=${seen.replaceAll(":", "%3A")})`,
    `/api/machines/findbyip%28ip%3D%27${address}%27%2Ctimestamp%3D${seen}%29`,
  ]) {
    const answer = await GET_QUERY(path);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    assertGolden(at(answer.body, "@odata.context"), context("Machines"));
    const found = listAt(answer.body, "value").map((one) => textAt(one, "id"));
    assert.ok(found.includes(here().machineId), path);
  }
  const elsewhere = await GET_QUERY(`/api/machines/findbyip(ip='203.0.113.99',timestamp=${seen})`);
  assert.deepEqual(listAt(elsewhere.body, "value"), []);
});

test("findbyip with a time of more than 30 days ago, or with none, is 400", async () => {
  const old = new Date(Date.now() - 31 * 24 * 3_600_000).toISOString();
  for (const path of [
    `/api/machines/findbyip(ip='192.0.2.1',timestamp=${old})`,
    "/api/machines/findbyip(ip='192.0.2.1',timestamp=soon)",
    "/api/machines/findbyip(ip='no-address',timestamp=2026-11-21T00:00:00Z)",
  ]) {
    const answer = await GET_QUERY(path);
    assert.equal(answer.status, 400, `${path}: ${answer.text}`);
    assertError(answer, 400, textAt(answer.body, "error", "code"));
  }
});
