import type { MachineActionWire, WaitingWire } from "@halligan/protocol/api";
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

export const sampleWaiting = {
  reason: "DeviceOffline",
  since: "2026-11-21T12:00:00.118Z",
  until: "2026-11-24T12:00:00.118Z",
  detail:
    "the device is not connected; it was last seen at 2026-11-21T11:42:07.000Z. The action goes on when it connects",
  lastSeen: "2026-11-21T11:42:07Z",
} satisfies WaitingWire;
