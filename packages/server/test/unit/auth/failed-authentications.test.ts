import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { FailedAuthentications } from "../../../src/auth/failures/failed-authentications.ts";
import { FailureSummaries } from "../../../src/auth/failures/failure-summaries.ts";
import { RateTable } from "../../../src/auth/failures/rate-table.ts";
import { recordFailedAuthentications } from "../../../src/service/identity/record-failed-authentications.ts";
import { testServices } from "../../support/test-services.ts";

const ACCOUNT = "11111111-1111-4111-8111-111111111111";

function limits() {
  const time = { nowMs: 0 };
  const summaries = new FailureSummaries(() => time.nowMs);
  const authentications = new FailedAuthentications(
    { failedSignInsPerMinute: 20, failedSignInsPerAddressPerMinute: 300, failedSignInsPerAccountPerMinute: 600 },
    { monotonicMs: () => time.nowMs, random: randomBytes, summaries },
  );
  const attempt = (address: string, account: string | null = ACCOUNT, credential = "wrong") =>
    ({ kind: account === null ? "enrollmentToken" : "secret", address, account, credential }) as const;
  /** Whether the credential was checked. */
  const fail = (...of: Parameters<typeof attempt>): boolean => {
    if (authentications.waitMs(attempt(...of)) !== null) return false;
    authentications.failed(attempt(...of));
    return true;
  };
  return { time, summaries, authentications, attempt, fail };
}

test("one account from one address is checked twenty times a minute, and passes after the wait in the response", () => {
  const { time, authentications, attempt, fail } = limits();
  const checked = Array.from({ length: 1_000 }, () => fail("192.0.2.1")).filter((one) => one).length;
  assert.equal(checked, 20);
  const waitMs = authentications.waitMs(attempt("192.0.2.1"));
  assert.ok(waitMs !== null && waitMs > 0 && waitMs <= 60_000);
  time.nowMs += waitMs;
  assert.equal(fail("192.0.2.1"), true);
  assert.equal(fail("192.0.2.1"), false);
});

test("the account is locked for no other address, also when many addresses attack it", () => {
  const { authentications, attempt, fail } = limits();
  let checked = 0;
  for (let n = 0; n < 2_000; n += 1) {
    const address = `198.51.${n % 200}.7`;
    for (let time = 0; time < 30; time += 1) if (fail(address)) checked += 1;
    assert.equal(authentications.waitMs(attempt("192.0.2.1", ACCOUNT, "right")), null);
  }
  // 30 addresses reach the limit of the account; each of the others has few attempts.
  assert.ok(checked < 600 + 200 * 3, String(checked));
  assert.equal(authentications.waitMs(attempt("198.51.7.7", "22222222-2222-4222-8222-222222222222")), null);
});

test("a credential that was accepted before passes while its own address guesses", () => {
  const { authentications, attempt, fail } = limits();
  const right = attempt("192.0.2.1", ACCOUNT, "right");
  authentications.succeeded(right);
  for (let n = 0; n < 2_000; n += 1) fail("192.0.2.1", n % 2 ? ACCOUNT : `client-${n}`);
  assert.equal(fail("192.0.2.1", "client-x"), false);
  assert.equal(authentications.waitMs(right), null);
  // The credential is no longer exempt after one refusal, for example after it was revoked.
  authentications.failed(right);
  assert.notEqual(authentications.waitMs(right), null);
});

test("a signed assertion is another text each time: an account is known at its address", () => {
  const { authentications, attempt, fail } = limits();
  const assertion = (address: string, credential: string) =>
    ({ ...attempt(address), kind: "assertion", credential }) as const;
  authentications.succeeded(assertion("192.0.2.1", "first"));
  for (let n = 0; n < 100; n += 1) fail("192.0.2.1");
  assert.equal(authentications.waitMs(assertion("192.0.2.1", "second")), null);
});

test("enrollment tokens are counted by address, and a thousand good ones from one address pass", () => {
  const { authentications, attempt, fail } = limits();
  for (let n = 0; n < 1_000; n += 1) {
    const good = attempt("192.0.2.1", null, "token-of-the-rollout");
    assert.equal(authentications.waitMs(good), null);
    authentications.succeeded(good);
  }
  const checked = Array.from({ length: 1_000 }, (_, n) => fail("192.0.2.1", null, `wrong-${n}`)).filter((one) => one);
  assert.equal(checked.length, 300);
  assert.equal(authentications.waitMs(attempt("192.0.2.1", null, "token-of-the-rollout")), null);
  assert.equal(authentications.waitMs(attempt("2001:db8::1", null, "x")), null);
});

test("tables of addresses are bounded", () => {
  const table = new RateTable({ perMinute: 1, burst: 1 }, () => 0);
  for (let n = 0; n < 50_000; n += 1) table.take(`2001:db8:${n.toString(16)}::/64`);
  assert.ok(table.size <= 20_000);
  const summaries = new FailureSummaries(() => 0);
  for (let n = 0; n < 5_000; n += 1) {
    const account = `11111111-1111-4111-8111-${String(n).padStart(12, "0")}`;
    summaries.add({ kind: "secret", address: `192.0.${n % 250}.1`, account }, "failed");
  }
  const taken = summaries.take();
  assert.equal(taken.length, 51);
  assert.equal(
    taken.reduce((sum, { failed }) => sum + failed, 0),
    5_000,
  );
  assert.ok(taken.every(({ accounts }) => accounts.size <= 32));
});

test("failures are recorded once for an address, with a count, and name only accounts that exist", async () => {
  await using services = await testServices();
  const { context } = services;
  await context.store.write((tx) =>
    tx.applications.insert({
      clientId: ACCOUNT,
      name: "playbook",
      secrets: [],
      roles: [],
      keys: [],
      createdAtMs: 0,
      ownerId: null,
      tokenGeneration: 0,
    }),
  );
  const { summaries, authentications, attempt, fail } = limits();
  for (let n = 0; n < 2_000; n += 1) fail("192.0.2.1", n % 2 ? ACCOUNT : "text of the attacker");
  for (let n = 0; n < 3; n += 1) fail("2001:db8::5", null);
  authentications.noted({ ...attempt("192.0.2.1", null), kind: "accessToken" });
  const records = async () => {
    await recordFailedAuthentications(context, summaries);
    const every = { machineId: null, actionId: null, actorId: null, operations: null, beforeSeq: null, limit: 100 };
    return (await context.store.read((tx) => tx.audit.list(every, { kind: "all" }))).records;
  };
  const [forged, enrollment, secrets, ...others] = await records();
  assert.deepEqual(others, []);
  assert.deepEqual(
    [secrets?.operation, secrets?.address, secrets?.actorKind],
    ["FailedAuthentications", "192.0.2.1", "server"],
  );
  const { firstAt, lastAt, ...detail } = secrets?.detail ?? {};
  assert.deepEqual(detail, {
    credential: "secret",
    failed: 40,
    refused: 1_960,
    accounts: [{ clientId: ACCOUNT, name: "playbook", attempts: 1_000 }],
  });
  assert.deepEqual([enrollment?.address, enrollment?.detail.failed], ["2001:db8:0:0::/64", 3]);
  assert.deepEqual([forged?.detail.credential, forged?.detail.failed], ["accessToken", 1]);
  assert.equal((await records()).length, 3, "nothing is recorded where nothing failed");
});
