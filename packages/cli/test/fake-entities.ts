import { createHash } from "node:crypto";

/** What the fake API answers with. */
export const MACHINE_ID = "a".repeat(40);
export const ACTION_ID = "3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22";
export const TIME = "2026-11-21T17:32:05.1234567Z";
export const TIMING = {
  actionId: ACTION_ID,
  status: "Succeeded",
  steps: [
    { step: "accepted", index: null, at: "2026-11-21T17:32:05Z", sinceMs: 0 },
    { step: "started", index: 0, at: "2026-11-21T17:32:05.07Z", sinceMs: 70 },
    { step: "final", index: null, at: "2026-11-21T17:32:06.071Z", sinceMs: 1_001 },
  ],
  totalMs: 1_071,
};

const STAMP = { sizeBytes: 20, modifiedAt: "2026-11-21T17:32:05.123456789Z" };
export const RESULTS = {
  actionId: ACTION_ID,
  value: [
    {
      ...{
        index: 0,
        type: "GetFile",
        fileName: "auth.log.gz",
        sizeBytes: 44,
        sha256: "c".repeat(64),
        isAvailable: true,
      },
      fileChange: { kinds: ["grew", "replaced"], collectedBytes: 20, before: STAMP, after: STAMP },
    },
  ],
};

export function libraryEntity(fileName: string, content: Buffer) {
  const sha256 = createHash("sha256").update(content).digest("hex");
  return {
    ...{ fileName, sha256, description: null, creationTime: TIME, lastUpdatedTime: TIME, createdBy: "app" },
    ...{ hasParameters: false, parametersDescription: null },
  };
}

export function machineEntity({ id, computerDnsName }: { id: string; computerDnsName: string }) {
  return {
    ...{
      id,
      computerDnsName,
      firstSeen: TIME,
      lastSeen: TIME,
      osPlatform: "Linux",
      osVersion: null,
      osProcessor: null,
    },
    ...{ version: null, lastIpAddress: "10.0.0.1", lastExternalIpAddress: null, agentVersion: null, osBuild: null },
    ...{ healthStatus: "Active", deviceValue: null, rbacGroupId: 0, rbacGroupName: null, riskScore: null },
    ...{ exposureLevel: null, isAadJoined: null, aadDeviceId: null, machineTags: [], defenderAvStatus: null },
    ...{ onboardingStatus: "Onboarded", osArchitecture: null, managedBy: null, managedByStatus: null, ipAddresses: [] },
    vmMetadata: null,
  };
}
