import type { Order, OrderCommand, OrderLimits } from "@halligan/protocol/link";
import { type Command, libraryFileNameOf, paramOf } from "./command.ts";
import type { MachineAction } from "./machine-action.ts";

/** The order for an action that is claimed (`action.order` is set). Signed as a whole by the gateway. */
export function orderFor(action: MachineAction, limits: OrderLimits, acceptByMs: number): Order {
  if (!action.order) throw new Error(`action ${action.id} is not claimed`);
  return {
    v: 1,
    machineId: action.machineId,
    actionId: action.id,
    orderSeq: action.order.orderSeq,
    journalId: action.order.journalId,
    acceptByMs,
    limits,
    commands: action.commands.map((command, index) => orderCommand(command, index, action.options)),
  };
}

function orderCommand(command: Command, index: number, { keepProcesses }: MachineAction["options"]): OrderCommand {
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
        // Only when it is true: an agent that does not know it refuses the whole order.
        ...(keepProcesses && { keepProcesses }),
      };
    case "GetFile":
      return { index, type: "GetFile", path: paramOf(command, "Path") ?? "" };
  }
}
