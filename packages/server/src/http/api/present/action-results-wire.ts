import type { ActionResultsWire } from "@halligan/protocol/api";
import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import { downloadOf } from "../../../service/results/create-result-link.ts";

export function actionResultsWire(action: MachineAction): ActionResultsWire {
  const value = action.commands.flatMap(({ type, result }, index) => {
    if (result === null || type === "PutFile") return [];
    const { kind, sizeBytes, sha256 } = result;
    const fileChange = ("fileChange" in result && result.fileChange) || null;
    const { fileName } = downloadOf(action, index);
    return [{ index, type, fileName, sizeBytes, sha256, isAvailable: kind !== "expired", fileChange }];
  });
  return { actionId: action.id, value };
}
