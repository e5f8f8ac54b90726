import assert from "node:assert/strict";
import { test } from "node:test";
import { type ConnectionBounds, ConnectionBudget } from "../../../src/gateway/connection-budget.ts";
import { addressKey } from "../../../src/network/address-key.ts";

const BOUNDS: ConnectionBounds = {
  maxConnections: 3,
  maxUnauthenticatedConnections: 6,
  maxUnauthenticatedConnectionsPerAddress: 4,
  connectionAttemptsPerAddressPerMinute: 60,
  handshakesPerMachinePerMinute: 3,
};
const budgetOf = (change: Partial<ConnectionBounds> = {}) =>
  new ConnectionBudget<{ name: string }>({ ...BOUNDS, ...change });
const connection = (name: string) => ({ name });

test("an address has a bound of connections whose device is not known", () => {
  const budget = budgetOf();
  for (let n = 0; n < 4; n += 1) {
    assert.equal(budget.refusalFor("192.0.2.1", 0), null);
    budget.opened(connection(`a${n}`), "192.0.2.1");
  }
  assert.equal(budget.refusalFor("192.0.2.1", 0)?.code, "addressFull");
  assert.equal(budget.refusalFor("192.0.2.2", 0), null);
});

test("when all places before authentication are taken, the address with most connections loses its oldest", () => {
  const budget = budgetOf();
  const hostile = [0, 1, 2, 3].map((n) => connection(`hostile${n}`));
  for (const one of hostile) budget.opened(one, "192.0.2.1");
  const honest = [connection("honest0"), connection("honest1"), connection("honest2")];
  assert.deepEqual(
    honest.map((one, n) => budget.opened(one, `198.51.100.${n}`)),
    [null, null, hostile[0]],
  );
  assert.equal(budget.counts(0).unauthenticated, 6);
});

test("connections that prove no key take nothing of the machines' places", () => {
  const budget = budgetOf();
  for (let n = 0; n < 6; n += 1) budget.opened(connection(`hostile${n}`), `192.0.2.${n}`);
  const known = [0, 1, 2, 3].map((n) => {
    const one = connection(`known${n}`);
    budget.opened(one, "198.51.100.1");
    return budget.assignToMachine(one, `machine${n}`, 0);
  });
  assert.deepEqual(known, [null, null, null, "noRoom"]);
});

test("a machine that has a connection may have another one when there is no room for other machines", () => {
  const budget = budgetOf({ maxConnections: 1 });
  const [first, second] = [connection("first"), connection("second")];
  for (const one of [first, second]) {
    budget.opened(one, "192.0.2.1");
    assert.equal(budget.assignToMachine(one, "machine", 0), null);
  }
  assert.deepEqual([...budget.of("machine")], [first, second]);
  budget.closed(first);
  budget.closed(second);
  assert.deepEqual(budget.counts(0), { unauthenticated: 0, authenticating: 0, ready: 0 });
});

test("a machine's handshakes are limited, and the others' are not", () => {
  const budget = budgetOf({ maxConnections: 10 });
  const handshake = (machineId: string, nowMs: number) => {
    const one = connection(machineId);
    budget.opened(one, "192.0.2.1");
    const refusal = budget.assignToMachine(one, machineId, nowMs);
    budget.closed(one);
    return refusal;
  };
  assert.deepEqual(
    [1, 2, 3, 4].map((ms) => handshake("loops", ms)),
    [null, null, null, "machineRate"],
  );
  assert.equal(handshake("other", 5), null);
  assert.equal(handshake("loops", 20_005), null, "one every 20 seconds comes after the burst");
});

test("attempts are counted by address, and those that prove a key are given back", () => {
  const budget = budgetOf({
    connectionAttemptsPerAddressPerMinute: 5,
    maxConnections: 100,
    maxUnauthenticatedConnectionsPerAddress: 100,
  });
  for (let n = 0; n < 20; n += 1) {
    assert.equal(budget.refusalFor("192.0.2.1", 0), null, `device ${n} behind one address`);
    const one = connection(`device${n}`);
    budget.opened(one, "192.0.2.1");
    assert.equal(budget.assignToMachine(one, `machine${n}`, 0), null);
  }
  const codes = [0, 1, 2, 3, 4, 5].map(() => budget.refusalFor("192.0.2.2", 0)?.code ?? "ok");
  assert.deepEqual(codes, ["ok", "ok", "ok", "ok", "ok", "addressRate"]);
  assert.deepEqual(budget.refusalFor("192.0.2.2", 0), { code: "addressRate", retryAfterMs: 12_000 });
});

test("one host's network of IPv6 counts as one address", () => {
  const same = ["2001:db8:0:1::1", "2001:db8::1:2:3:4:5", "2001:0db8:0000:0001:ffff:0:0:1", "2001:db8:0:1::%eth0"];
  assert.deepEqual(new Set(same.map(addressKey)), new Set(["2001:db8:0:1::/64"]));
  assert.equal(addressKey("2001:db8:0:2::1"), "2001:db8:0:2::/64");
  assert.equal(addressKey("::1"), "0:0:0:0::/64");
  assert.equal(addressKey("64:ff9b::192.0.2.1"), "64:ff9b:0:0::/64");
  assert.equal(addressKey("192.0.2.1"), "192.0.2.1");
});
