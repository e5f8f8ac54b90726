import { err, ok, type Result } from "@halligan/protocol/errors";
import type { SignedSecretKey } from "@halligan/protocol/link";
import { isSecretKeyOf } from "@halligan/protocol/link-crypto";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { machineByIdOrName } from "../machines/get-machine.ts";

export interface MachineSecretKey extends SignedSecretKey {
  machineId: string;
  /** The device's Ed25519 key, which has signed it. */
  publicKey: string;
}

/** `GET /halligan/v1/machines/{id}/secret-key`: by id or name. */
export function getSecretKey(
  { store, clock }: ServiceContext,
  caller: Caller,
  idOrName: string,
): Promise<Result<MachineSecretKey, DomainError>> {
  return store.read(async (tx): Promise<Result<MachineSecretKey, DomainError>> => {
    const found = await machineByIdOrName(tx, caller, idOrName);
    if (!found.ok) return found;
    const { id: machineId, secretKey } = found.value;
    if (!secretKey) return err({ code: "SecretsNotSupported", machineId });
    const keys = await tx.machines.keysOf(machineId, clock.nowMs());
    const publicKey = keys.find((key) => isSecretKeyOf(machineId, secretKey, key));
    // The device has another key since. It announces what that one signs in its next hello.
    if (publicKey === undefined) return err({ code: "SecretsNotSupported", machineId });
    return ok({ machineId, publicKey, ...secretKey });
  });
}
