import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError, odataText, UnexpectedResponseError } from "@halligan/protocol/client";
import { apiCalls, clientOf, withTokens } from "./client-of.ts";
import { errorAnswer, startFakeServer } from "./fake-server.ts";

describe("lists", () => {
  const machine = (id: string) => ({
    ...{ id, computerDnsName: null, firstSeen: "", lastSeen: "", osPlatform: null, osVersion: null, osProcessor: null },
    ...{ version: null, lastIpAddress: null, lastExternalIpAddress: null, agentVersion: null, osBuild: null },
    ...{ healthStatus: "Active", deviceValue: null, rbacGroupId: 0, rbacGroupName: null, riskScore: null },
    ...{ exposureLevel: null, isAadJoined: null, aadDeviceId: null, machineTags: [], defenderAvStatus: null },
    ...{ onboardingStatus: "Onboarded", osArchitecture: null, managedBy: null, managedByStatus: null, ipAddresses: [] },
    vmMetadata: null,
  });
  const page = (ids: string[], next?: string) => ({
    json: {
      "@odata.context": "#Machines",
      value: ids.map(machine),
      ...(next === undefined ? {} : { "@odata.nextLink": next }),
    },
  });

  it("follows @odata.nextLink to the end, and sends the token only to its own server", async () => {
    await using server = await startFakeServer(
      withTokens((_, index) =>
        index === 0 ? page(["a", "b"], "https://other.example/api/machines?$skiptoken=x%27y") : page(["c"]),
      ),
    );
    const all = await clientOf(server).listMachines({ filter: `computerDnsName eq ${odataText("o'neil")}` });
    assert.deepEqual(
      all.map(({ id }) => id),
      ["a", "b", "c"],
    );
    assert.deepEqual(
      apiCalls(server).map(({ url }) => url),
      ["/api/machines?$filter=computerDnsName eq 'o''neil'&$top=10000", "/api/machines?$skiptoken=x'y"],
    );
  });

  it("stops at the limit", async () => {
    await using server = await startFakeServer(withTokens(() => page(["a", "b"], "/api/machines?$skip=2")));
    assert.equal((await clientOf(server).listMachines({ limit: 2 })).length, 2);
    assert.equal(apiCalls(server).length, 1);
  });

  it("a server that links a page to itself does not hold the client indefinitely", async () => {
    await using server = await startFakeServer(withTokens(() => page(["a"], "/api/machines?$skip=1")));
    await assert.rejects(clientOf(server).listMachines(), UnexpectedResponseError);
  });
});

describe("bytes", () => {
  const entity = {
    ...{ fileName: "a.sh", sha256: "0".repeat(64), description: null, creationTime: "", lastUpdatedTime: "" },
    ...{ createdBy: "x", hasParameters: false, parametersDescription: null },
  };

  it("an upload is sent again whole after a 401, from a Blob and from a stream", async () => {
    const big = "x".repeat(3_000_000);
    await using server = await startFakeServer(
      withTokens((_, index) => (index === 0 ? errorAnswer(401, "Unauthorized") : { status: 201, json: entity })),
    );
    const client = clientOf(server);
    await client.putLibraryFile({ fileName: "a.sh", content: () => new Blob([big]), override: true });
    await client.putLibraryFile({ fileName: "a.sh", content: () => new Blob([big]).stream(), description: "d e" });
    const calls = apiCalls(server);
    assert.deepEqual(
      calls.map(({ body }) => body.length),
      [big.length, big.length, big.length],
    );
    assert.deepEqual(
      calls.map(({ headers }) => headers["content-length"]),
      ["3000000", "3000000", undefined],
    );
    assert.deepEqual(
      calls.map(({ url }) => url),
      [
        "/halligan/v1/library/a.sh?override=true",
        "/halligan/v1/library/a.sh?override=true",
        "/halligan/v1/library/a.sh?override=false&description=d e",
      ],
    );
  });

  it("a result is fetched without the Authorization header, by its unchanged link", async () => {
    await using server = await startFakeServer(() => ({
      json: { script_name: "a.sh", exit_code: 3, script_output: "o", script_errors: "" },
    }));
    const transcript = await clientOf(server).downloadTranscript(`${server.url}/result/x?sig=a%2Fb`);
    assert.equal(transcript.exit_code, 3);
    assert.deepEqual(
      server.seen.map(({ url, authorization }) => [url, authorization]),
      [["/result/x?sig=a/b", undefined]],
    );
  });

  it("a refused link is an ApiError that does not repeat the link", async () => {
    await using server = await startFakeServer(() => errorAnswer(403, "Forbidden"));
    await assert.rejects(clientOf(server).downloadResult(`${server.url}/result/x?sig=key`), (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(JSON.stringify(error).includes("sig=key") || error.message.includes("sig=key"), false);
      return true;
    });
  });
});
