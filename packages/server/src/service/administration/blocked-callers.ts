import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import { urlMaker } from "../../auth/signatures/download-url.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { BlockedCaller } from "../../store/administration/blocked-callers.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/**
 * `POST /halligan/v1/blocked-callers`: refuses a user or application of an outside issuer from then
 * on, whatever its issuer says. An application of this server is removed instead. Repeating the
 * request changes nothing.
 */
export function blockCaller(
  { store, clock }: ServiceContext,
  caller: Caller,
  callerId: string,
  reason: string,
): Promise<Result<BlockedCaller, DomainError>> {
  return store.write(async (tx): Promise<Result<BlockedCaller, DomainError>> => {
    // Otherwise the last administrator could be blocked.
    if (callerId === caller.id) return err({ code: "InvalidInput", detail: "a caller cannot block itself" });
    const present = await tx.blockedCallers.byId(callerId);
    if (present) return ok(present);
    const nowMs = clock.nowMs();
    const blocked = { callerId, blockedBy: caller.name, blockedAtMs: nowMs, reason };
    await tx.blockedCallers.insert(blocked, urlMaker(callerId));
    await auditChange(tx, caller, "BlockCaller", nowMs, { callerId, reason });
    return ok(blocked);
  });
}

/** `DELETE /halligan/v1/blocked-callers/{callerId}` */
export function unblockCaller(
  { store, clock }: ServiceContext,
  caller: Caller,
  callerId: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    if (!(await tx.blockedCallers.remove(callerId))) return err({ code: "CallerNotBlocked", callerId });
    await auditChange(tx, caller, "UnblockCaller", clock.nowMs(), { callerId });
    return ok(null);
  });
}

/** `GET /halligan/v1/blocked-callers` */
export const listBlockedCallers = ({ store }: ServiceContext): Promise<BlockedCaller[]> =>
  store.read((tx) => tx.blockedCallers.list());

export const isCallerBlocked = async ({ store }: Pick<ServiceContext, "store">, callerId: string): Promise<boolean> =>
  (await store.read((tx) => tx.blockedCallers.byId(callerId))) !== undefined;
