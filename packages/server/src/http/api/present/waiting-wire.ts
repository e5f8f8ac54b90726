import type { WaitingWire } from "@halligan/protocol/api";
import { isEnded } from "../../../domain/actions/command.ts";
import { isFinal, type MachineAction } from "../../../domain/actions/machine-action.ts";
import { refusalReason } from "../../../domain/actions/transfer-refusal.ts";
import { wireTime } from "./wire-time.ts";

/** The commands of an unfinished action whose results are refused for lack of space at present. */
export function waitingWire(action: MachineAction): WaitingWire[] {
  if (isFinal(action.status)) return [];
  return action.commands.flatMap((command, index) => {
    const { refusal } = command;
    if (!refusal || refusal.untilMs !== null || isEnded(command)) return [];
    return [{ index, reason: refusal.code, since: wireTime(refusal.sinceMs), detail: refusalReason(refusal.code) }];
  });
}
