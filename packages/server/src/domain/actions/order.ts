import type { Order, OrderCommand, OrderLimits } from "@halligan/protocol/link";
import { devicePathOf } from "./collection/requested-collection.ts";
import { type Command, libraryFileNameOf, paramOf } from "./command.ts";
import type { MachineAction } from "./machine-action.ts";
import { limitsWith } from "./options/action-options.ts";

/** The order for a claimed action (`action.order` is set). The gateway signs it as a whole. */
export function orderFor(action: MachineAction, limits: OrderLimits, acceptByMs: number): Order {
  if (!action.order) throw new Error(`action ${action.id} is not claimed`);
  return {
    v: 1,
    machineId: action.machineId,
    actionId: action.id,
    orderSeq: action.order.orderSeq,
    journalId: action.order.journalId,
    acceptByMs,
    limits: limitsWith(action.options, limits),
    commands: action.commands.map((command, index) => orderCommand(command, index, action.options)),
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
