import type { Command } from "../../../src/domain/actions/command.ts";
import type { MachineAction, OrderState } from "../../../src/domain/actions/machine-action.ts";
import { NO_OPTIONS } from "../../../src/domain/actions/options/action-options.ts";
import { NO_CONTINUITY } from "../../../src/domain/machines/clone-detection.ts";
import type { Machine } from "../../../src/domain/machines/machine.ts";

export const MACHINE_ID = "a".repeat(40);
export const JOURNAL_ID = "b".repeat(32);
export const START_ID = "e".repeat(32);

export function sampleCommand(change: Partial<Command> = {}): Command {
  return {
    type: "RunScript",
    params: [{ key: "ScriptName", value: "collect.sh" }],
    status: "Created",
    startId: null,
    startedAtMs: null,
    finishedAtMs: null,
    endedAtMs: null,
    errors: [],
    result: null,
    pin: null,
    ...change,
  };
}

export function sampleAction(change: Partial<MachineAction> = {}): MachineAction {
  return {
    id: "00000000-0000-4000-8000-000000000001",
    machineId: MACHINE_ID,
    computerDnsName: "lab-1",
    status: "Pending",
    requestor: "playbook",
    requestorId: "client-1",
    application: "client-1",
    comment: "why",
    createdAtMs: 1_000,
    updatedAtMs: 1_000,
    finalAtMs: null,
    deadlineMs: 10_000,
    cancellation: null,
    errorHResult: 0,
    options: NO_OPTIONS,
    secrets: null,
    scheduledMs: null,
    commands: [sampleCommand(), sampleCommand({ type: "GetFile", params: [{ key: "Path", value: "/tmp/x" }] })],
    order: null,
    slot: { held: true, untilMs: null },
    bound: null,
    version: 1,
    ...change,
  };
}

export function sampleMachine(change: Partial<Machine> = {}): Machine {
  return {
    id: MACHINE_ID,
    facts: {
      computerDnsName: "lab-1",
      osPlatform: "Linux",
      version: "12",
      osVersion: null,
      osBuild: null,
      osArchitecture: "64-bit",
      osProcessor: null,
      agentVersion: "0.1.0",
      ipAddresses: [],
    },
    tags: [],
    firstSeenMs: 0,
    lastSeenMs: 0,
    lastExternalIp: null,
    linked: true,
    nodeId: "node-1",
    connectionEpoch: 1,
    journalId: JOURNAL_ID,
    lastOrderSeq: 0,
    quarantined: false,
    quarantineReason: null,
    features: [],
    continuity: NO_CONTINUITY,
    groupId: 0,
    displayName: null,
    retirement: null,
    removedAtMs: null,
    secretKey: null,
    ...change,
  };
}

export const sampleOrder = (change: Partial<OrderState> = {}): OrderState => ({
  orderSeq: 7,
  journalId: JOURNAL_ID,
  connectionEpoch: 3,
  claimedAtMs: 1_500,
  sentAtMs: null,
  startInDoubt: null,
  state: "out",
  ...change,
});
