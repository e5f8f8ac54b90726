import { err, ok, type Result } from "@halligan/protocol/errors";
import type { DomainError } from "../../domain/errors.ts";
import { grantSpace, longestResultBytes, uploadRefusal } from "../../domain/results/result-space.ts";
import type { ServiceContext } from "../context.ts";

export interface WantedSpace {
  actionId: string;
  index: number;
  resultId: string;
  /** The offset that the upload reaches with the bytes about to arrive. */
  neededBytes: number;
}

/**
 * Called before bytes of a result are read. Checks that the command still accepts them and that
 * they fit into the quotas. Costs one transaction for each 64 MiB. Removes the uploads that this
 * one replaces.
 */
export async function reserveResultSpace(
  { store, blobs, clock, limits, resultSpace }: ServiceContext,
  { actionId, index, resultId, neededBytes }: WantedSpace,
): Promise<Result<null, DomainError>> {
  if (resultSpace.grantedTo(resultId) >= neededBytes) return ok(null);
  const decided = await store.write(async (tx) => {
    const action = await tx.actions.byId(actionId);
    const command = action?.commands[index];
    if (!action || !command) return err({ code: "TransferRefused", detail: "there is no such command" } as const);
    const nowMs = clock.nowMs();
    const refusal = uploadRefusal(action, index, nowMs);
    if (refusal !== null) return err({ code: "TransferRefused", detail: refusal } as const);
    const uploads = await tx.resultSpace.ofCommand(actionId, index);
    const quotas = await resultSpace.quotas(tx, action.machineId, limits);
    const longestBytes = longestResultBytes(command, action, limits);
    const grant = grantSpace(command, uploads, { resultId, neededBytes, longestBytes }, quotas);
    if (grant.code !== "granted") return err(grant);
    for (const replaced of grant.replaced) await tx.resultSpace.remove(replaced);
    const { bytes } = grant;
    await tx.resultSpace.grant({ resultId, actionId, index, machineId: action.machineId, bytes }, nowMs);
    const beforeBytes = uploads
      .filter((upload) => upload.resultId === resultId || grant.replaced.includes(upload.resultId))
      .reduce((sum, upload) => sum + upload.bytes, 0);
    return ok({ ...grant, grewBytes: bytes - beforeBytes });
  });
  if (!decided.ok) return decided;
  const { bytes, replaced, grewBytes } = decided.value;
  const isStart = resultSpace.grantedTo(resultId) === 0;
  resultSpace.granted(resultId, bytes);
  if (isStart) resultSpace.starts.started(actionId, index);
  resultSpace.grew(grewBytes);
  for (const id of replaced) {
    resultSpace.forget(id);
    await blobs.deleteResult(id);
  }
  return ok(null);
}
