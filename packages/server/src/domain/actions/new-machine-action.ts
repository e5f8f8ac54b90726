import {
  COMMAND_KEYS,
  COMMAND_TYPES,
  type CommandRequest,
  type StartCommandRequest,
  type StartLiveResponseRequest,
} from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { DomainError } from "../errors.ts";
import { allowsLiveResponse, type DeviceGroup } from "../machines/device-group.ts";
import { type Machine, machineName } from "../machines/machine.ts";
import { systemFault } from "../machines/supported-systems.ts";
import { type BoundLimits, newBound } from "./action-bound.ts";
import { type ArchiveLimits, archiveOf, type CommandKeys } from "./collection/requested-collection.ts";
import type { Command, LibraryPin } from "./command.ts";
import type { MachineAction } from "./machine-action.ts";
import type { ActionOptions } from "./options/action-options.ts";
import type { ActionSecrets } from "./options/action-secrets.ts";
import { runAsFault } from "./options/run-as.ts";
import { slotForNewSession } from "./session-slots.ts";

/**
 * Checks the rules that the schema cannot express: the keys of each command type, each once, and
 * the sequence of types (PutFile, RunScript, GetFile; docs/contract/http-api.md#run-live-response).
 * Values are not checked against the library or the device here: the contract accepts them and lets
 * the command fail when it runs.
 */
export function checkCommands(
  commands: readonly CommandRequest[],
  keys: CommandKeys = COMMAND_KEYS,
): DomainError | null {
  let rank = 0;
  for (const [index, command] of commands.entries()) {
    const fault = checkKeys(command, `Commands[${index}]`, keys);
    if (fault) return fault;
    const commandRank = COMMAND_TYPES.indexOf(command.type);
    if (commandRank < rank) {
      return {
        code: "InvalidRequestBody",
        detail: `Commands[${index}] is a ${command.type} after a ${COMMAND_TYPES[rank]}; the order is ${COMMAND_TYPES.join(", ")}`,
      };
    }
    rank = commandRank;
  }
  return null;
}

/**
 * Longest path of Windows, and longest argument of Linux (MAX_ARG_STRLEN). Every list shows the
 * values of parameters, so a list of actions with values of a megabyte could not be written.
 */
const MAX_PATH_CHARACTERS = 32_767;
const MAX_ARGS_CHARACTERS = 131_072;

function checkKeys(command: CommandRequest, slot: string, keys: CommandKeys): DomainError | null {
  const { required, optional, insteadOf = {} } = keys[command.type];
  const seen = new Map<string, string>();
  for (const { key: given, value } of command.params) {
    const key = Object.hasOwn(insteadOf, given) ? (insteadOf[given] ?? given) : given;
    if (!required.includes(key) && !optional.includes(key)) {
      const known = [...required, ...optional, ...Object.keys(insteadOf)].join(", ");
      return {
        code: "InvalidRequestBody",
        detail: `${slot}: ${command.type} has no parameter "${key}"; it takes ${known}`,
      };
    }
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      const detail =
        earlier === given ? `parameter "${given}" is given twice` : `"${given}" is given with "${earlier}"`;
      return { code: "InvalidRequestBody", detail: `${slot}: ${detail}` };
    }
    if (value.includes("\0")) {
      return { code: "InvalidRequestBody", detail: `${slot}: the value of "${given}" contains a NUL character` };
    }
    const maximum = key === "Args" ? MAX_ARGS_CHARACTERS : MAX_PATH_CHARACTERS;
    if (value.length > maximum) {
      const detail = `${slot}: the value of "${given}" has ${value.length} characters; the maximum is ${maximum}`;
      return { code: "InvalidRequestBody", detail };
    }
    if (value === "" && required.includes(key)) {
      return { code: "InvalidRequestBody", detail: `${slot}: the value of "${given}" is empty` };
    }
    seen.set(key, given);
  }
  const missing = required.find((key) => !seen.has(key));
  return missing ? { code: "MissingRequiredParameter", parameter: `${slot}.params ${missing}` } : null;
}

export interface NewMachineActionInput {
  id: string;
  machine: Machine;
  group: DeviceGroup;
  request: StartLiveResponseRequest;
  options: ActionOptions;
  secrets: ActionSecrets | null;
  /** Default: the contract's. */
  commandKeys?: CommandKeys;
  archives: ArchiveLimits;
  requestor: { name: string; id: string; clientId?: string };
  /** The pins of the commands, by index. */
  pins: readonly (LibraryPin | null)[];
  nowMs: number;
  /** Longest time that it may wait for its machine, unless its options say another one. */
  queueTimeoutMs: number;
  bounds: BoundLimits;
  sessions: { taken: number; slots: number; retryAfterMs: number };
}

export function newMachineAction(input: NewMachineActionInput): Result<MachineAction, DomainError> {
  const { machine, group, request, options, sessions, nowMs } = input;
  const scheduledMs = options.notBeforeMs !== null && options.notBeforeMs > nowMs ? options.notBeforeMs : null;
  const deadlineMs = (scheduledMs ?? nowMs) + (options.queueTimeoutMs ?? input.queueTimeoutMs);
  const fault =
    checkCommands(request.Commands, input.commandKeys) ??
    machineFault(machine, group) ??
    runAsFault(options.runAs, request.Commands, machine);
  if (fault) return err(fault);
  const slot = slotForNewSession(machine.linked && scheduledMs === null, sessions.taken, sessions.slots);
  if (slot === "noSlot") {
    return err({ code: "TooManySessions", slots: sessions.slots, retryAfterMs: sessions.retryAfterMs });
  }
  return ok({
    id: input.id,
    machineId: machine.id,
    computerDnsName: machineName(machine),
    status: "Pending",
    requestor: input.requestor.name,
    requestorId: input.requestor.id,
    application: input.requestor.clientId ?? null,
    comment: request.Comment,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    finalAtMs: null,
    deadlineMs,
    cancellation: null,
    errorHResult: 0,
    options,
    secrets: input.secrets,
    scheduledMs,
    commands: request.Commands.map((command, index) => ({
      type: command.type,
      params: command.params,
      status: "Created",
      startId: null,
      startedAtMs: null,
      finishedAtMs: null,
      endedAtMs: null,
      errors: [],
      result: null,
      pin: input.pins[index] ?? null,
      ...archiveMember(command, input.archives),
    })),
    order: null,
    slot,
    bound: slot.held ? newBound({ commands: request.Commands, options }, input.bounds, deadlineMs, nowMs) : null,
    version: 1,
  });
}

function archiveMember(command: StartCommandRequest, limits: ArchiveLimits): Pick<Command, "archive"> {
  const archive = archiveOf(command, limits);
  return archive ? { archive } : {};
}

function machineFault(machine: Machine, group: DeviceGroup): DomainError | null {
  if (machine.retirement)
    return { code: "MachineRetired", machineId: machine.id, retiredAtMs: machine.retirement.atMs };
  if (machine.quarantined) {
    return { code: "MachineQuarantined", machineId: machine.id, reason: machine.quarantineReason };
  }
  if (!allowsLiveResponse(group)) {
    return { code: "RemediationLevelMissing", machineId: machine.id, groupName: group.name };
  }
  return systemFault(machine.id, machine.facts);
}

/** Names of the library files that a request uses, each once. */
export function libraryFileNames(commands: readonly CommandRequest[]): string[] {
  const names = commands.flatMap((command) =>
    command.params.filter(({ key }) => key === "FileName" || key === "ScriptName").map(({ value }) => value),
  );
  return [...new Set(names)];
}
