import { paramOf } from "../domain/command.ts";
import type { DomainError } from "../domain/errors.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { ServiceContext } from "./context.ts";
import { resultOf } from "./create-result-link.ts";

/** Where the bytes of a result are, and what the download is called. */
export interface OpenedResult {
  /** Base name without the contract's `.gz`, as the caller's Path had it; null for a transcript. */
  collectedName: string | null;
  sizeBytes: number;
  sha256: string;
  content: { kind: "bytes"; bytes: Uint8Array } | { kind: "blob"; resultId: string };
}

/** What a signed link gives. The link was checked by the caller; the store is asked each time, so that it dies with its action. */
export async function openResult(
  { store }: ServiceContext,
  actionId: string,
  index: number,
): Promise<Result<OpenedResult, DomainError>> {
  return store.read(async (tx) => {
    const action = await tx.actions.byId(actionId);
    if (!action) return refuse({ code: "MachineActionNotFound", actionId });
    const result = resultOf(action, index);
    if (!result.ok) return result;
    const command = action.commands[index];
    const collectedName = command?.type === "GetFile" ? (paramOf(command, "Path") ?? null) : null;
    if (result.value.kind === "blob") {
      const { resultId, sizeBytes, sha256 } = result.value;
      return ok({ collectedName, sizeBytes, sha256, content: { kind: "blob", resultId } as const });
    }
    const bytes = await tx.results.inline(actionId, index);
    if (!bytes) throw new Error(`the transcript of action ${actionId}, command ${index} is not in the store`);
    return ok({
      collectedName,
      sizeBytes: bytes.length,
      sha256: result.value.sha256,
      content: { kind: "bytes", bytes } as const,
    });
  });
}
