import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { DELEGATED_PERMISSIONS, PERMISSIONS } from "@halligan/protocol/api";
import { OPERATIONS } from "../../../src/http/api/routes.ts";
import type { Store } from "../../../src/store/store.ts";
import { type HttpWorld, openHttpWorld } from "../../support/http-world.ts";
import { sign, USER } from "../../unit/auth/outside-fixture.ts";
import { sampleAction, sampleCommand, sampleMachine } from "../../unit/domain/sample-action.ts";
import { ACCESS, type AccessRow, accessOf, ROLES, SCOPES } from "./access-cells.ts";
import { type Credential, credentials, INSIDE } from "./credentials.ts";
import { filledPath, type PathValues, sampleValues } from "./sample-request.ts";
import { type Entities, type Outcome, SCOPE, scopeOf, WITHOUT_SCOPE } from "./scope-cells.ts";

const ROUTES = OPERATIONS.map(({ method, path }) => ({ title: `${method} ${path}`, method, path }));
type Route = (typeof ROUTES)[number];

/** The expected status of a credential for a route, by the table. */
function expected(row: AccessRow, { kind, permissions }: Credential): number {
  if (row.kind === "anonymous") return row.status;
  if (row.kind === "ticket") return kind === "ticket" ? row.status : 401;
  if (kind === "none" || kind === "ticket") return 401;
  const enough = kind === "application" ? row.application : row.delegated;
  return permissions.some((one) => enough.includes(one)) ? row.status : 403;
}

/** Route, credential and scope: every cell is requested over HTTP, on one SQL dialect. */
export function describePermissionMatrix(engine: string, openStore?: () => Promise<Store>): void {
  describe(`permission matrix: ${engine}`, () => {
    let world: HttpWorld;
    let store: Store | undefined;
    let all: Credential[];
    before(async () => {
      store = await openStore?.();
      world = await openHttpWorld(store ? { store } : {});
      all = await credentials(world);
    });
    after(async () => {
      await world[Symbol.asyncDispose]();
      await store?.close();
    });

    const send = async (
      { method, path }: Route,
      authorization: string | null,
      { values = {}, query = "", body = {} }: { values?: PathValues; query?: string; body?: unknown } = {},
    ) => {
      const hasBody = !["GET", "DELETE"].includes(method);
      const answer = await fetch(`${world.base}${filledPath(path, values, query)}`, {
        method,
        headers: {
          ...(authorization !== null && { authorization }),
          ...(hasBody && { "content-type": "application/json" }),
        },
        ...(hasBody && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, text: await answer.text() };
    };

    test("the tables name every route and every permission, and nothing else", () => {
      const titles = ROUTES.map(({ title }) => title).toSorted();
      assert.deepEqual(
        titles.filter((title) => !accessOf(title)),
        [],
      );
      assert.deepEqual(
        Object.keys(ACCESS).filter((title) => !titles.includes(title)),
        [],
      );
      const permitted = titles.filter((title) => accessOf(title)?.kind === "permissions");
      assert.deepEqual(
        permitted.filter((title) => !scopeOf(title) === !WITHOUT_SCOPE.has(title)),
        [],
      );
      assert.deepEqual(
        [...Object.keys(SCOPE), ...WITHOUT_SCOPE].filter((title) => !permitted.includes(title)),
        [],
      );
      assert.deepEqual(ROLES.split(" ").toSorted(), Object.keys(PERMISSIONS).toSorted());
      assert.deepEqual(SCOPES.split(" ").toSorted(), Object.keys(DELEGATED_PERMISSIONS).toSorted());
    });

    test("every route answers every credential as the table says", async () => {
      let cells = 0;
      const wrong: string[] = [];
      for (const route of ROUTES) {
        const row = accessOf(route.title);
        assert.ok(row, route.title);
        await Promise.all(
          all.map(async (credential) => {
            const { status, text } = await send(route, credential.authorization, {
              values: sampleValues(route.title),
            });
            const wanted = expected(row, credential);
            cells += 1;
            if (status !== wanted) wrong.push(`${route.title}, ${credential.name}: ${status}, not ${wanted}: ${text}`);
          }),
        );
      }
      assert.deepEqual(wrong, []);
      assert.equal(cells, ROUTES.length * all.length);
    });

    test("every route answers callers inside and outside a device group as the table says", async () => {
      const scopes = SCOPES.split(" ").join(" ");
      const user = (groups: readonly string[]) =>
        sign(world.issuerKey, { ...USER, sub: "scoped", scp: scopes, groups });
      const [inside, outside] = await Promise.all([user([INSIDE]), user([])]);
      const application = all.find(({ name }) => name === "the secret that was rotated in")?.authorization ?? null;
      const wrong: string[] = [];
      for (const route of ROUTES) {
        const row = scopeOf(route.title);
        if (!row) continue;
        for (const [who, authorization] of [
          ["application", application],
          ["inside", `Bearer ${inside}`],
          ["outside", `Bearer ${outside}`],
        ] as const) {
          const entities = await newEntities(world);
          const { values, query, body } = row;
          const { status, text } = await send(route, authorization, {
            ...(values && { values: values(entities) }),
            ...(query !== undefined && { query }),
            body: body?.(entities) ?? {},
          });
          const wanted = row[who];
          const got = outcome(status, text, entities, wanted);
          if (got !== wanted) wrong.push(`${route.title}, ${who}: ${got}, not ${wanted}: ${text.slice(0, 300)}`);
        }
      }
      assert.deepEqual(wrong, []);
    });
  });
}

const outcome = (status: number, text: string, { machineId }: Entities, wanted: Outcome): Outcome => {
  if (status !== 200 || typeof wanted === "number") return status;
  return text.includes(machineId) ? "200+" : "200-";
};

let made = 0;

async function newEntities({ context, services }: HttpWorld): Promise<Entities> {
  made += 1;
  const machineId = made.toString(16).padStart(40, "e");
  const actionId = context.ids.guid();
  const fileName = `matrix-${made}.sh`;
  const sha256 = "b".repeat(64);
  const script = Readable.from([Buffer.from("matrix")]);
  const pin = await context.blobs.putLibrary(script, { limitBytes: 10 });
  if (pin.code !== "stored") throw new Error(`the script was not stored: ${pin.code}`);
  const groupId = await context.store.write(async (tx) => {
    const name = `matrix ${made}`;
    const scope = { isOpenToUsers: false, users: [], userGroups: [INSIDE] };
    const { id } = await tx.deviceGroups.insert({ name, remediationLevel: "full", ...scope });
    const { facts } = sampleMachine();
    const ipAddresses = [
      { ipAddress: "192.0.2.77", macAddress: null, type: "Ethernet" as const, operationalStatus: "Up" as const },
    ];
    const times = { firstSeenMs: services.time.nowMs, lastSeenMs: services.time.nowMs };
    const machine = sampleMachine({ id: machineId, groupId: id, tags: ["matrix"], facts: { ...facts, ipAddresses } });
    await tx.machines.insert({ ...machine, ...times });
    const output = { stdout: { bytes: 0 }, stderr: { bytes: 0 } };
    const result = { kind: "inline" as const, sizeBytes: 2, sha256, output };
    const command = sampleCommand({ status: "Completed", startedAtMs: 1, endedAtMs: 2, result, pin });
    await tx.actions.insert(sampleAction({ id: actionId, machineId, status: "Succeeded", commands: [command] }));
    await tx.results.insertInline(actionId, 0, Buffer.from("{}"));
    await tx.audit.append({
      atMs: 1,
      actor: "a",
      actorId: "a",
      actorKind: "application",
      application: null,
      address: null,
      operation: "Enroll",
      machineId,
      actionId: null,
      detail: {},
    });
    await tx.library.insert({
      fileName,
      sha256,
      sizeBytes: 1,
      description: null,
      hasParameters: false,
      parametersDescription: null,
      createdBy: "a",
      createdAtMs: 1,
      updatedBy: "a",
      updatedAtMs: 1,
      ownerId: "another",
      ownerAccountId: "another",
      deviceGroups: [id],
    });
    return id;
  });
  return { machineId, actionId, groupId, fileName };
}
