import assert from "node:assert/strict";
import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { PERMISSIONS } from "@halligan/protocol/api";
import { until } from "../../../../protocol/test/support/until.ts";
import type { Answer } from "../../wire/support/api.ts";
import { applicationWith } from "../../wire/support/applications.ts";
import { badTokens, forge } from "../../wire/support/forged-token.ts";
import { assertError } from "../../wire/support/golden.ts";
import { at, textAt } from "../../wire/support/json.ts";
import { ROUTES, type Route, samplePath } from "../../wire/support/route-table.ts";
import { type Here, onlyHalligan, setUp } from "../../wire/support/target.ts";

/**
 * Who may do what: the whole route table, with every kind of token.
 * `docs/contract/http-api.md#permissions`, `docs/contract/auth.md#permission-names` and
 * `docs/contract/auth.md#responses-401-and-403`.
 */
describe("permissions", { skip: onlyHalligan("its route table, applications of its own, and its key") }, () => {
  const bad: (readonly [what: string, token: string | null])[] = [];
  const single: (readonly [permission: string, token: string])[] = [];
  const here = setUp({ agents: 0 }, makeTokens);

  async function makeTokens(ready: Here): Promise<void> {
    const pem = await readFile(join(ready.world.dataDir, "keys", "access-token.pem"), "utf8");
    bad.push(["no token", null], ...badTokens(ready.api.token, createPrivateKey(pem), Math.floor(Date.now() / 1_000)));
    for (const permission of Object.keys(PERMISSIONS)) {
      single.push([permission, (await applicationWith(ready, `only ${permission}`, [permission])).token]);
    }
  }

  /**
   * Forged tokens of one address are limited. On a fast machine this file sends more of them in a
   * second than the limit admits.
   */
  const request = (route: Route, token: string | null, method = route.method): Promise<Answer> =>
    until(async () => {
      const answer = await here().api.send(method, samplePath(route, here().world.credentials.tenant), {
        token,
        ...(["GET", "HEAD", "DELETE"].includes(method) ? {} : { json: {} }),
      });
      return answer.status === 429 ? null : answer;
    }, `a response to ${route.title} that is not 429`);

  for (const route of ROUTES.filter(({ access }) => access === "permissions")) {
    const needed = route.permissions.join(", ");
    test(`${route.title} is 401 for every bad token`, async () => {
      for (const [what, token] of bad) assertRefused(await request(route, token), 401, "Unauthorized", what);
    });

    test(`${route.title} is 403 for every permission but ${needed}`, async () => {
      for (const [permission, token] of single) {
        const answer = await request(route, token);
        if (!route.permissions.includes(permission)) assertRefused(answer, 403, "Forbidden", permission);
        else assert.ok(![401, 403].includes(answer.status), `${permission}: ${answer.status} ${answer.text}`);
      }
    });
  }

  for (const route of ROUTES.filter(({ access }) => access === "ticket")) {
    test(`${route.title} is for agents: 401 for every token of people and tools`, async () => {
      for (const [what, token] of [...bad, ...single, ["every permission", here().api.token] as const]) {
        assertRefused(await request(route, token), 401, "Unauthorized", what);
      }
    });
  }

  for (const route of ROUTES.filter(({ access }) => access === "anonymous")) {
    test(`${route.title} answers alike whatever token is there`, async () => {
      const alone = await request(route, null);
      for (const [what, token] of [...bad, ...single]) {
        const answer = await request(route, token);
        assert.equal(answer.status, alone.status, what);
        assert.equal(at(answer.body, "error", "code"), at(alone.body, "error", "code"), what);
      }
    });
  }

  for (const route of ROUTES.filter(({ method }) => method === "GET")) {
    test(`HEAD for ${route.title} is refused like the route, and has no body`, async () => {
      for (const [what, token] of [...bad, ...single, ["every permission", here().api.token] as const]) {
        const head = await request(route, token, "HEAD");
        assert.equal(head.status, (await request(route, token)).status, what);
        assert.equal(head.text, "", what);
      }
    });
  }

  test("the table gives each operation of the contract to the permissions of the contract", () => {
    const reading = ["Machine.Read.All", "Machine.ReadWrite.All"];
    const cancelling = [
      "Machine.CollectForensics",
      "Machine.Isolate",
      "Machine.RestrictExecution",
      "Machine.Scan",
      "Machine.Offboard",
      "Machine.StopAndQuarantine",
      "Machine.LiveResponse",
    ];
    for (const [path, permissions] of [
      ["POST /api/machines/:id/runliveresponse", ["Machine.LiveResponse"]],
      ["POST /api/machineactions/:id/cancel", cancelling],
      ["GET /api/machineactions", reading],
      ["GET /api/machineactions/:id", reading],
      ["GET /api/machineactions/:id/GetLiveResponseResultDownloadLink", reading],
      ["GET /api/machines", reading],
      ["GET /api/machines/:id", reading],
      ["GET /api/machines/findbytag", reading],
      ["GET /api/machines/findbyip", reading],
      ["GET /api/libraryfiles", ["Library.Manage"]],
      ["POST /api/libraryfiles", ["Library.Manage"]],
      ["DELETE /api/libraryfiles/:fileName", ["Library.Manage"]],
    ] as const) {
      const route = ROUTES.find(({ title }) => title.replace(/\(.*$/, "") === path);
      assert.deepEqual(route?.permissions.toSorted(), permissions.toSorted(), path);
    }
  });

  test("a token that was forged well is taken, so the refusals above are for what was changed", async () => {
    const pem = await readFile(join(here().world.dataDir, "keys", "access-token.pem"), "utf8");
    const token = forge(here().api.token, createPrivateKey(pem), { claims: { uti: "another" } });
    assert.equal((await here().api.get("/api/machines", { token })).status, 200);
  });

  test("a refusal names the permissions that are missing, in parentheses", async () => {
    const api = await applicationWith(here(), "only the library", ["Library.Manage"]);
    const answer = await api.get("/api/machineactions");
    assertError(answer, 403, "Forbidden");
    assert.match(textAt(answer.body, "error", "message"), /\(Machine\.Read\.All, Machine\.ReadWrite\.All\)/);
  });

  test("a path that is not in the table is 404 with and without a token", async () => {
    for (const path of ["/", "/api", "/api/users", "/halligan/v1/keys", "/agent/v1/none", "/admin", "/debug"]) {
      for (const token of [null, here().api.token]) assertError(await here().api.get(path, { token }), 404, "NotFound");
    }
  });

  test("the tokens of an application that was deleted are 401 at once", async () => {
    const api = await applicationWith(here(), "short life", ["Machine.Read.All"]);
    assert.equal((await api.get("/api/machines")).status, 200);
    const removed = await here().api.send("DELETE", `/halligan/v1/applications/${api.target.clientId}`);
    assert.equal(removed.status, 204, removed.text);
    assertError(await api.get("/api/machines"), 401, "Unauthorized");
  });

  function assertRefused(answer: Answer, status: number, code: string, what: string): void {
    assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.text}`);
    assertError(answer, status, code);
  }
});
