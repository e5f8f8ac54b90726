import assert from "node:assert/strict";
import { test } from "node:test";
import { DELEGATED_PERMISSIONS, isDelegatedPermission, isPermission, PERMISSIONS } from "@halligan/protocol/api";
import type { Caller } from "../../../src/auth/caller.ts";
import { refuseToken, type TokenRefusal } from "../../../src/auth/token-refusal.ts";
import { OPERATIONS } from "../../../src/http/api/routes.ts";
import type { PermissionRule } from "../../../src/http/edge/access.ts";

const TABLE: Readonly<Record<string, PermissionRule>> = Object.fromEntries(
  OPERATIONS.flatMap(({ name, access }) => (access.kind === "permissions" ? [[name, access]] : [])),
);

/** An independent copy of `docs/contract/http-api.md#permissions`: application, then delegated. */
const READ = ["Machine.Read.All Machine.ReadWrite.All", "Machine.Read Machine.ReadWrite"] as const;
const ACTING =
  "Machine.CollectForensics Machine.Isolate Machine.RestrictExecution Machine.Scan Machine.Offboard Machine.StopAndQuarantine Machine.LiveResponse";
const CONTRACT: Readonly<Record<string, readonly [string, string]>> = {
  RunLiveResponse: ["Machine.LiveResponse", "Machine.LiveResponse"],
  GetLiveResponseResultDownloadLink: ["Machine.Read.All Machine.ReadWrite.All", "Machine.LiveResponse"],
  CancelMachineAction: [ACTING, ACTING],
  ListMachineActions: READ,
  GetMachineAction: READ,
  ListMachines: READ,
  GetMachine: READ,
  FindMachinesByTag: READ,
  FindMachinesByIp: READ,
  ListLibraryFiles: ["Library.Manage", "Library.Manage"],
  UploadLibraryFile: ["Library.Manage", "Library.Manage"],
  DeleteLibraryFile: ["Library.Manage", "Library.Manage"],
};

test("the operations admit whom the contract admits", () => {
  for (const [operation, [application, delegated]] of Object.entries(CONTRACT)) {
    const rule = TABLE[operation];
    assert.deepEqual(rule?.application.toSorted(), application.split(" ").toSorted(), operation);
    assert.deepEqual(rule?.delegated.toSorted(), delegated.split(" ").toSorted(), operation);
  }
});

/** What these return is what a download link gives, or the script that wrote it. */
const OF_RESULTS = new Set([
  "WatchMachineActionOutput",
  "DownloadCommandFile",
  "DownloadCommandOutput",
  "GetCommandScript",
]);

test("what reads one thing of an action has the permissions of reading", () => {
  const reading = OPERATIONS.filter(
    ({ method, path }) => method === "GET" && path.startsWith("/halligan/v1/actions/:id/"),
  );
  assert.ok(reading.length >= 4);
  for (const { name } of reading) {
    const rule = TABLE[name];
    const link = TABLE.GetLiveResponseResultDownloadLink;
    const expected = OF_RESULTS.has(name) ? [link?.application.join(" "), link?.delegated.join(" ")] : READ;
    assert.deepEqual([rule?.application.join(" "), rule?.delegated.join(" ")], expected, name);
  }
});

test("every operation names permissions that exist, and no permission for reading allows a change", () => {
  for (const [operation, { application, delegated }] of Object.entries(TABLE)) {
    assert.ok(application.length > 0 && delegated.length > 0, operation);
    assert.ok(application.every(isPermission) && delegated.every(isDelegatedPermission), operation);
    if (!/^(Get|List|Find|Watch|Wait|Download|Unsupported)/.test(operation)) {
      assert.ok(!application.some((name) => name === "Machine.Read.All"), operation);
      assert.ok(!delegated.some((name) => name === "Machine.Read"), operation);
    }
  }
});

test("what concerns a machine asks for its device group as well", () => {
  for (const [operation, { needsUserRight }] of Object.entries(TABLE)) {
    const isOfMachine =
      /Machine|LiveResponse|Command|Audit|ResultLinks/.test(operation) && operation !== "SetMachineDeviceGroup";
    assert.equal(needsUserRight !== undefined, isOfMachine, operation);
  }
});

/**
 * Operations without a token, because they use another proof, or none. An operation added here is
 * open to everyone: think twice.
 */
const WITHOUT_TOKEN: Readonly<Record<string, "anonymous" | "ticket">> = {
  TokenV1: "anonymous",
  TokenV2: "anonymous",
  OpenIdConfigurationV1: "anonymous",
  OpenIdConfigurationV2: "anonymous",
  TokenKeysV1: "anonymous",
  TokenKeysV2: "anonymous",
  DiscoverInstance: "anonymous",
  GetUserRealm: "anonymous",
  GetInfo: "anonymous",
  GetHealth: "anonymous",
  GetReadiness: "anonymous",
  GetMetrics: "anonymous",
  GetOpenApi: "anonymous",
  DownloadResult: "anonymous",
  Enroll: "anonymous",
  GetOrderFile: "ticket",
  PutResultPart: "ticket",
  CompleteResult: "ticket",
};

class AdmittedError extends Error {
  override readonly name = "AdmittedError";
}

type Run = (typeof OPERATIONS)[number]["run"];
const never = () => assert.fail("nothing may be looked at before the caller is admitted");

/** 200 for an admitted caller. The handler and the body are not reached. */
async function statusFor(run: Run, headers: Record<string, string>, caller: Caller | TokenRefusal): Promise<string> {
  const untouched = new Proxy(Object.create(null), { get: never });
  const incoming = {
    facts: {
      id: "r",
      method: "GET",
      path: "/",
      params: {},
      query: new URLSearchParams(),
      rawQuery: "",
      headers,
      remoteAddress: "",
      signal: new AbortController().signal,
    },
    gate: {
      verifyToken: async () => caller,
      readTicket: () => null,
      isCurrentTicket: () => false,
      throttle: async () => null,
      addresses: { countAnonymous: () => null, countForged: () => null },
      machines: { count: () => null },
    },
    raw: untouched,
    request: untouched,
    limits: untouched,
    unfinishedBodies: untouched,
    invite: never,
  };
  try {
    const answer = await run(incoming, untouched, () => {
      throw new AdmittedError();
    });
    return answer.kind === "error" ? `${answer.status} ${answer.message}` : `${answer.status}`;
  } catch (error) {
    if (error instanceof AdmittedError) return "200";
    throw error;
  }
}

const BEARER = { authorization: "Bearer t" };
const application = (...roles: string[]): Caller => ({
  kind: "application",
  id: "c",
  clientId: "c",
  name: "n",
  roles: new Set(roles.filter(isPermission)),
});
const user = (...scopes: string[]): Caller => ({
  kind: "user",
  id: "i#u",
  name: "u",
  scopes: new Set(scopes.filter(isDelegatedPermission)),
  groups: [],
});

test("walk: every operation of the wire admits the callers of its own row, and no others", async () => {
  for (const { name, access, run } of OPERATIONS) {
    if (name in WITHOUT_TOKEN) {
      assert.equal(access.kind, WITHOUT_TOKEN[name], name);
      if (access.kind === "ticket") {
        for (const headers of [{}, BEARER, { authorization: "Ticket v1.x" }]) {
          assert.match(await statusFor(run, headers, application(...Object.keys(PERMISSIONS))), /^401/, name);
        }
      }
      continue;
    }
    const rule = TABLE[name];
    assert.ok(rule, `${name} needs no permission and is not listed as such`);
    assert.equal(access.kind, "permissions", name);
    for (const headers of [{}, { authorization: "Ticket t" }, { authorization: "Basic t" }]) {
      assert.match(await statusFor(run, headers, application(...Object.keys(PERMISSIONS))), /^401/, name);
    }
    assert.match(await statusFor(run, BEARER, refuseToken("Expired")), /^401/, name);
    for (const permission of Object.keys(PERMISSIONS)) {
      const isEnough = rule.application.some((one) => one === permission);
      assert.match(
        await statusFor(run, BEARER, application(permission)),
        isEnough ? /^200/ : /^403/,
        `${name}, ${permission}`,
      );
    }
    for (const scope of Object.keys(DELEGATED_PERMISSIONS)) {
      const isEnough = rule.delegated.some((one) => one === scope);
      assert.match(
        await statusFor(run, BEARER, user(scope)),
        isEnough ? /^200/ : /^403/,
        `${name}, user with ${scope}`,
      );
    }
    const refusedApplication = await statusFor(run, BEARER, application());
    assert.ok(
      refusedApplication.endsWith(`application permissions (${rule.application.join(", ")})`),
      refusedApplication,
    );
    const refusedUser = await statusFor(run, BEARER, user());
    assert.ok(refusedUser.endsWith(`delegated permissions (${rule.delegated.join(", ")})`), refusedUser);
  }
});
