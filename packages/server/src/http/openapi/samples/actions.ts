import type {
  ActionEvidenceWire,
  ActionResultsWire,
  ActionTimingWire,
  MachineActionWire,
} from "@halligan/protocol/api";
import { SAMPLE } from "./values.ts";

/** Machine actions of the examples. */

export const sampleCommands = [
  {
    type: "RunScript" as const,
    params: [
      { key: "ScriptName", value: SAMPLE.fileName },
      { key: "Args", value: "--days 7" },
    ],
  },
  { type: "GetFile" as const, params: [{ key: "Path", value: "/etc/hosts" }] },
];

export const sampleAction = {
  id: SAMPLE.actionId,
  type: "LiveResponse",
  title: null,
  requestor: "Administrator",
  requestorComment: "Incident 4211: collect the logs",
  status: "Pending",
  machineId: SAMPLE.machineId,
  computerDnsName: "build-07",
  creationDateTimeUtc: "2026-11-21T12:00:00.118Z",
  lastUpdateDateTimeUtc: "2026-11-21T12:00:00.118Z",
  cancellationRequestor: null,
  cancellationComment: null,
  cancellationDateTimeUtc: null,
  errorHResult: 0,
  scope: null,
  externalId: null,
  requestSource: "PublicApi",
  relatedFileInfo: null,
  commands: sampleCommands.map((command, index) => ({
    index,
    startTime: null,
    endTime: null,
    commandStatus: "Created" as const,
    errors: [],
    command,
  })),
  troubleshootInfo: null,
} satisfies MachineActionWire;

const RUN_TIMES = [
  { startTime: "2026-11-21T12:00:00.31Z", endTime: "2026-11-21T12:00:02.47Z" },
  { startTime: "2026-11-21T12:00:02.48Z", endTime: "2026-11-21T12:00:02.6Z" },
];

export const sampleSucceededAction = {
  ...sampleAction,
  status: "Succeeded",
  lastUpdateDateTimeUtc: "2026-11-21T12:00:02.603Z",
  commands: sampleAction.commands.map((command, index) => ({
    ...command,
    ...RUN_TIMES[index],
    commandStatus: "Completed" as const,
  })),
} satisfies MachineActionWire;

/** Of `sampleSucceededAction`. */
export const sampleTiming = {
  actionId: SAMPLE.actionId,
  status: "Succeeded",
  steps: [
    { step: "accepted", index: null, at: "2026-11-21T12:00:00.118Z", sinceMs: 0 },
    { step: "claimed", index: null, at: "2026-11-21T12:00:00.121Z", sinceMs: 3 },
    { step: "sent", index: null, at: "2026-11-21T12:00:00.124Z", sinceMs: 3 },
    { step: "started", index: 0, at: "2026-11-21T12:00:00.31Z", sinceMs: 186 },
    { step: "ended", index: 0, at: "2026-11-21T12:00:02.465Z", sinceMs: 2_155 },
    { step: "uploaded", index: 0, at: "2026-11-21T12:00:02.47Z", sinceMs: 5 },
    { step: "started", index: 1, at: "2026-11-21T12:00:02.48Z", sinceMs: 10 },
    { step: "ended", index: 1, at: "2026-11-21T12:00:02.6Z", sinceMs: 120 },
    { step: "uploaded", index: 1, at: "2026-11-21T12:00:02.603Z", sinceMs: 3 },
    { step: "final", index: null, at: "2026-11-21T12:00:02.603Z", sinceMs: 0 },
  ],
  totalMs: 2_485,
  waiting: [],
} satisfies ActionTimingWire;

/** Of `sampleSucceededAction`. */
export const sampleResults = {
  actionId: SAMPLE.actionId,
  value: [
    {
      index: 0,
      type: "RunScript",
      fileName: `output_${SAMPLE.actionId}_0.json`,
      sizeBytes: 214,
      sha256: SAMPLE.scriptSha256,
      isAvailable: true,
      fileChange: null,
    },
    {
      index: 1,
      type: "GetFile",
      fileName: "hosts.gz",
      sizeBytes: 190,
      sha256: SAMPLE.scriptSha256,
      isAvailable: true,
      fileChange: {
        kinds: ["grew"],
        collectedBytes: 174,
        before: { sizeBytes: 174, modifiedAt: "2026-11-20T09:14:03.120000000Z" },
        after: { sizeBytes: 201, modifiedAt: "2026-11-21T12:00:02.512345678Z" },
      },
    },
  ],
} satisfies ActionResultsWire;

/** Of `sampleSucceededAction`. */
export const sampleEvidence = {
  actionId: SAMPLE.actionId,
  machineId: SAMPLE.machineId,
  value: [
    {
      index: 0,
      type: "RunScript",
      evidence: {
        payload: JSON.stringify({
          v: 1,
          machineId: SAMPLE.machineId,
          actionId: SAMPLE.actionId,
          orderSeq: 12,
          index: 0,
          outcome: "completed",
          errors: [],
          startId: "5f2c9a7e1b3d4c60a8e7f1029384a5b6",
          exitCode: 0,
          result: { kind: "inline", sizeBytes: 214, sha256: SAMPLE.scriptSha256 },
        }),
        signature: "EXAMPLE-signature-of-a-device".padEnd(86, "0"),
        publicKey: SAMPLE.publicKey,
      },
    },
    { index: 1, type: "GetFile", evidence: null },
  ],
} satisfies ActionEvidenceWire;
