/** The entry of an accepted order: what was asked for, bounded. Pure. */
import type { Order, OrderCommand } from "@halligan/protocol/link";
import { boundText } from "../../bound-text.ts";
import { messageOf } from "../error-text.ts";
import type { Log } from "../ports.ts";
import type { LoggedCommand, OwnersLog, OwnersLogEvent } from "./owners-log.ts";

/** For the texts of all commands of one order together, and the minimum for each text. */
const COMMANDS_LIMIT_CHARACTERS = 65_536;
const SHORTEST_LIMIT_CHARACTERS = 256;

/** Why the order cannot be taken, for people; null when the log has it. */
export function logAccepted(ownersLog: OwnersLog, order: Order, log: Log): string | null {
  try {
    ownersLog.require(acceptedEvent(order));
    return null;
  } catch (error) {
    log.error("ownersLogWriteFailed", { error: messageOf(error) });
    return "The device cannot write its owner's log: its disk is full or broken.";
  }
}

/**
 * Each command has an equal share of the space, so a long command cannot displace the others. The
 * members are named one by one: the value of a secret, and a member that a later version adds to
 * the order, do not get into the log.
 */
function acceptedEvent(order: Order): OwnersLogEvent {
  const shareCharacters = Math.floor(COMMANDS_LIMIT_CHARACTERS / order.commands.length);
  const limitCharacters = Math.max(SHORTEST_LIMIT_CHARACTERS, Math.floor(shareCharacters / 2));
  return {
    event: "accepted",
    actionId: order.actionId,
    orderSeq: order.orderSeq,
    origin: order.origin ?? null,
    commands: order.commands.map((command) => loggedCommand(command, (text) => cut(text, limitCharacters))),
    ...(order.secretEnv && { secretNames: order.secretEnv.values.map(({ name }) => name) }),
  };
}

function loggedCommand(command: OrderCommand, shown: (text: string) => string): LoggedCommand {
  const { index, type } = command;
  switch (command.type) {
    case "PutFile":
      return { index, type, target: shown(command.fileName), ...content(command.file) };
    case "RunScript":
      return {
        index,
        type,
        target: shown(command.scriptName),
        ...content(command.file),
        ...(command.args !== null && { args: shown(command.args) }),
        ...(command.keepProcesses && { keepProcesses: true }),
        ...(command.runAs !== undefined && { runAs: command.runAs }),
      };
    case "GetFile":
      return {
        index,
        type,
        target: shown(command.path),
        ...(command.pathBase64 !== undefined && { pathBase64: shown(command.pathBase64) }),
        ...(command.archive && { archive: command.archive.kind }),
      };
  }
}

const content = (file: { sha256: string; sizeBytes: number } | null) =>
  file ? { sha256: file.sha256, sizeBytes: file.sizeBytes } : { sha256: null };

/** As the server's audit record shows a cut text. */
function cut(text: string, limitCharacters: number): string {
  if (text.length <= limitCharacters) return text;
  return `${boundText(text, limitCharacters)}… [cut: ${text.length} characters in all]`;
}
