import assert from "node:assert/strict";
import { test } from "node:test";
import { assertAlive, bearer, faults, here } from "../../wire/malformed/sending.ts";
import { Api } from "../../wire/support/api.ts";
import { RawConnection, rawBytes } from "../../wire/support/raw-http.ts";
import { onlyHalligan } from "../../wire/support/target.ts";

import "../../wire/malformed/bodies.cases.ts";
import "../../wire/malformed/requests.cases.ts";
import "../../wire/malformed/mixtures.cases.ts";

/**
 * What no client should send, to every route: a 4xx with the one form of errors, never a 5xx, never
 * silence, and a server that goes on. `docs/contract/http-api.md#errors`,
 * `docs/contract/clients-in-the-wild.md#errors-and-throttling`.
 */
test("a slow client and a fast one are both served at the same time", async () => {
  await using slow = new RawConnection(here().target.baseUrl);
  const request = rawBytes(slow.host, { target: "/api/machines?$top=1", headers: [bearer()] });
  slow.write(request.subarray(0, 20));
  await assertAlive();
  slow.write(request.subarray(20));
  assert.equal((await slow.answer()).status, 200);
});

test("requests sent one after the other without waiting are answered in their order", async () => {
  await using connection = new RawConnection(here().target.baseUrl);
  const targets = ["/api/machines?$top=1", "/api/no-such-path", "/api/machineactions?$top=1", "/api/machines/none"];
  for (const target of targets) connection.write(rawBytes(connection.host, { target, headers: [bearer()] }));
  const statuses: number[] = [];
  for (const _ of targets) statuses.push((await connection.answer()).status);
  assert.deepEqual(statuses, [200, 404, 200, 404]);
});

test("the API still signs in and lists after all of it", async () => {
  const api = await Api.open(here().target);
  assert.equal((await api.get("/api/machines")).status, 200);
});

test("the server logged no error of its own in all of it", { skip: onlyHalligan("its log") }, () => {
  assert.deepEqual(faults, []);
});
