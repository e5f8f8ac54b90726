import {
  type CancelledBy,
  MAX_ORIGIN_NAME_CHARACTERS,
  type Order,
  type OrderCommand,
  type OrderLimits,
  type OrderOrigin,
} from "@halligan/protocol/link";
import { shownComment } from "./audited-request.ts";
import { devicePathOf } from "./collection/requested-collection.ts";
import { type Command, libraryFileNameOf, paramOf } from "./command.ts";
import type { MachineAction } from "./machine-action.ts";
import { limitsWith } from "./options/action-options.ts";
import { orderedSecrets } from "./options/action-secrets.ts";

/** The order for a claimed action (`action.order` is set). The gateway signs it as a whole. */
export function orderFor(action: MachineAction, limits: OrderLimits, acceptByMs: number): Order {
  if (!action.order) throw new Error(`action ${action.id} is not claimed`);
  const secretEnv = orderedSecrets(action.secrets);
  return {
    v: 1,
    machineId: action.machineId,
    actionId: action.id,
    orderSeq: action.order.orderSeq,
    journalId: action.order.journalId,
    acceptByMs,
    limits: limitsWith(action.options, limits),
    commands: action.commands.map((command, index) => orderCommand(command, index, action.options)),
    origin: originOf(action),
    // Absent without secrets, because an agent that does not know the member refuses the whole
    // order.
    ...(secretEnv && { secretEnv }),
  };
}

function orderCommand(
  command: Command,
  index: number,
  { keepProcesses, runAs }: MachineAction["options"],
): OrderCommand {
  const file = command.pin && { sha256: command.pin.sha256, sizeBytes: command.pin.sizeBytes };
  switch (command.type) {
    case "PutFile":
      return { index, type: "PutFile", fileName: libraryFileNameOf(command) ?? "", file };
    case "RunScript":
      return {
        index,
        type: "RunScript",
        scriptName: libraryFileNameOf(command) ?? "",
        args: paramOf(command, "Args") ?? null,
        file,
        // Present only when chosen, because an agent that does not know the field refuses the whole
        // order.
        ...(keepProcesses && { keepProcesses }),
        ...(runAs !== null && { runAs }),
      };
    case "GetFile":
      return {
        index,
        type: "GetFile",
        ...devicePathOf(command),
        ...(command.archive && { archive: command.archive }),
      };
  }
}

/** Who asked, for the owner's log of the device. Agrees with the audit record of the request. */
function originOf(action: MachineAction): OrderOrigin {
  return {
    requestor: shownName(action.requestor),
    requestorId: shownName(action.requestorId),
    application: action.application === null ? null : shownName(action.application),
    comment: shownComment(action.comment),
    requestedMs: action.createdAtMs,
  };
}

/** Null when the action was not cancelled by a caller. */
export function cancelledBy({ cancellation }: Pick<MachineAction, "cancellation">): CancelledBy | null {
  return cancellation && { requestor: shownName(cancellation.requestor), comment: shownComment(cancellation.comment) };
}

/** For an agent that does not know the member and would refuse the order. */
export function withoutOrigin({ origin: _, ...order }: Order): Order {
  return order;
}

/** Without half of a surrogate pair at its end. */
const shownName = (name: string): string => name.slice(0, MAX_ORIGIN_NAME_CHARACTERS).replace(/[\uD800-\uDBFF]$/, "");
