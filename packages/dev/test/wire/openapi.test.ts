import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { DeviceKey, type TestDevice } from "./openapi/device.ts";
import { assertDocumented } from "./openapi/documented-answer.ts";
import { exampleRequest, type RealValues, substitution } from "./openapi/example-request.ts";
import { Stage } from "./openapi/stage.ts";
import { type Answer, send } from "./support/api.ts";
import { at, keysOf, listAt, shown, textAt } from "./support/json.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

interface Shared {
  stage: Stage;
  /** As the server gives it. */
  document: unknown;
  real: RealValues;
  device: TestDevice;
  /** Of the order that the device holds. */
  order: RealValues;
}

interface Described {
  readonly id: string;
  readonly path: string;
  readonly method: string;
}

/** A unit test of the server holds it to the route table. */
const COMMITTED: unknown = JSON.parse(readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8"));

/**
 * All of them, so that none is left out: the titles of the tests are known before a server runs.
 */
const operations: readonly Described[] = (() => {
  const paths = at(COMMITTED, "paths");
  return keysOf(paths).flatMap((path) =>
    keysOf(at(paths, path)).map((method) => ({ id: textAt(paths, path, method, "operationId"), path, method })),
  );
})();

describe("the OpenAPI document", { skip: onlyHalligan("its OpenAPI document") }, () => {
  let shared: Shared | undefined;
  const here = setUp({}, async (opened) => {
    const stage = new Stage(opened, COMMITTED);
    const { target, api, machineId } = opened;
    const { body: info } = await api.get("/halligan/v1/info", { token: null });
    const actionId = await stage.finishedAction();
    await api.post(`/api/machines/${machineId}/tags`, { Value: "lab", Action: "Add" });
    const { device, order } = await stage.deviceWithOrder();
    shared = {
      stage,
      device,
      order,
      document: (await api.get("/openapi.json", { token: null })).body,
      real: {
        ...(await stage.downloadUrl(actionId)),
        ...(await stage.seenFrom()),
        actionId,
        machineId,
        tenant: textAt(info, "tenant"),
        authorizationEndpoint: `${target.baseUrl}/organizations/oauth2/v2.0/authorize`,
        clientId: target.clientId,
        clientSecret: target.clientSecret,
        fileName: await stage.file(),
        deviceGroupId: await stage.deviceGroup(),
      },
    };
  });
  after(() => shared?.device[Symbol.dispose]());

  const ready = (): Shared => {
    assert.ok(shared, "the set-up did not finish");
    return shared;
  };

  /**
   * Preparations of an operation that would disturb other operations, or that others would disturb.
   */
  const PREPARED: Readonly<Record<string, (stage: Stage) => Promise<RealValues>>> = {
    CancelMachineAction: async (stage) => ({ actionId: await stage.pendingAction() }),
    UploadLibraryFile: async (stage) => ({ fileName: stage.newFileName() }),
    PutLibraryFile: async (stage) => ({ fileName: stage.newFileName() }),
    DeleteLibraryFile: async (stage) => ({ fileName: await stage.file() }),
    RenameMachine: async (stage) => ({ machineId: (await stage.enrolled()).machineId }),
    RetireMachine: async (stage) => ({ machineId: (await stage.enrolled()).machineId }),
    ReinstateMachine: async (stage) => ({ machineId: await stage.retiredMachine() }),
    DeleteMachine: async (stage) => ({ machineId: await stage.retiredMachine() }),
    RevokeEnrollmentToken: async (stage) => ({ enrollmentTokenId: await stage.enrollmentTokenId() }),
    DeleteApplication: async (stage) => ({ clientId: await stage.application() }),
    DeleteApplicationSecret: async (stage) => ({ clientId: await stage.applicationWithKey() }),
    AddApplicationSecret: async (stage) => ({ clientId: await stage.application() }),
    RemoveApplicationSecret: (stage) => stage.secret(),
    RevokeApplicationTokens: async (stage) => ({ clientId: await stage.application() }),
    WithdrawLibraryApproval: async (stage) => ({ approvedSha256: await stage.approval() }),
    ListLibraryApprovals: async (stage) => ({ approvedSha256: await stage.approval() }),
    ListBlockedCallers: async (stage) => ({ outsideCallerId: await stage.blockedCaller() }),
    UnblockCaller: async (stage) => ({ outsideCallerId: await stage.blockedCaller() }),
    QuarantineMachine: async (stage) => ({ machineId: (await stage.enrolled()).machineId }),
    ReleaseMachine: async (stage) => ({ machineId: (await stage.enrolled()).machineId }),
    RevokeResultLinks: async (stage) => ({ actionId: await stage.finishedAction() }),
    DeleteDeviceGroup: async (stage) => ({ deviceGroupId: await stage.deviceGroup() }),
    Enroll: async (stage) => {
      const [key, enrollmentToken] = [new DeviceKey(), await stage.enrollmentToken()];
      return { enrollmentToken, publicKey: key.publicKey, proof: key.proof(enrollmentToken) };
    },
    GetOrderFile: async () => ready().order,
    PutResultPart: async () => ready().order,
    // After the part, which a test of its own has sent too: this one must hold alone.
    CompleteResult: async () => {
      await sendExample("PutResultPart", ready().order);
      return ready().order;
    },
  };

  async function sendExample(id: string, prepared: RealValues): Promise<{ operation: unknown; answer: Answer }> {
    const { document, real, device } = ready();
    const described = operations.find((one) => one.id === id);
    assert.ok(described);
    const { path, method } = described;
    const operation = at(document, "paths", path, method);
    const request = exampleRequest(path, operation, substitution(document, { ...real, ...prepared }));
    const { baseUrl } = here().target;
    const [scheme] = listAt(operation, "security").flatMap(keysOf);
    const authorization =
      scheme === "ticket" ? `Ticket ${device.ticket}` : scheme === "bearer" ? `Bearer ${here().api.token}` : undefined;
    const answer = await send(method.toUpperCase(), `${baseUrl}${request.path}`, {
      ...(request.body !== undefined && { body: request.body }),
      headers: { ...request.headers, ...(authorization !== undefined && { authorization }) },
    });
    return { operation, answer };
  }

  test("is public, and contains the address of the requested server", () => {
    const { document, real } = ready();
    const { target } = here();
    assert.equal(at(document, "servers", 0, "url"), target.baseUrl, shown(document));
    const tokenUrl = at(document, "components", "securitySchemes", "bearer", "flows", "clientCredentials", "tokenUrl");
    assert.equal(tokenUrl, target.tokenUrl);
    assert.ok(target.tokenUrl.includes(String(real.tenant)));
    assert.deepEqual(keysOf(at(document, "paths")), [...new Set(operations.map(({ path }) => path))]);
  });

  for (const { id } of operations) {
    test(`the example of ${id} is answered as documented`, async () => {
      const { stage, document } = ready();
      const { operation, answer } = await sendExample(id, (await PREPARED[id]?.(stage)) ?? {});
      assertDocumented(document, operation, answer);
      if (["RunLiveResponse", "StartLiveResponse"].includes(id)) await here().api.waitForEnd(textAt(answer.body, "id"));
    });
  }

  test("what is prepared is prepared for operations that exist", () => {
    const ids = operations.map(({ id }) => id);
    assert.deepEqual(
      Object.keys(PREPARED).filter((id) => !ids.includes(id)),
      [],
    );
  });
});
