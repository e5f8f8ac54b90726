import { createHash } from "node:crypto";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { accountOf, type Caller } from "../../../auth/caller.ts";
import { asAccepted, type MachineAction } from "../../../domain/actions/machine-action.ts";
import type { DomainError } from "../../../domain/errors.ts";
import type { StoreTx } from "../../../store/store.ts";

/** How long a repeated start gets the response of the first one. */
const KEY_RETENTION_MS = 86_400_000;

/** The `Idempotency-Key` of a start, and the hash of the request that it stands for. */
export interface IdempotencyKey {
  readonly text: string;
  readonly requestSha256: string;
}

/**
 * `body`: as received. The hash does not depend on the sequence of its properties, because not
 * every JSON library keeps it.
 */
export function idempotencyKey(text: string, operation: string, machineId: string, body: object): IdempotencyKey {
  const request = JSON.stringify([operation, machineId, body], inSequence);
  return { text, requestSha256: createHash("sha256").update(request, "utf8").digest("hex") };
}

function inSequence(_name: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What an earlier start with this key has accepted, or why the key cannot be used. Null when the
 * key is free. The caller must be permitted to start on the machine.
 */
export async function earlierStart(
  tx: StoreTx,
  caller: Caller,
  key: IdempotencyKey,
  nowMs: number,
): Promise<Result<MachineAction, DomainError> | null> {
  const stored = await tx.idempotencyKeys.find(accountOf(caller), key.text, nowMs);
  if (!stored) return null;
  if (stored.requestSha256 !== key.requestSha256) return err({ code: "IdempotencyKeyReused" });
  const action = await tx.actions.byId(stored.actionId);
  // Starting it again would make a second action for the key.
  if (!action) return err({ code: "IdempotentActionRemoved", actionId: stored.actionId });
  return ok(asAccepted(action));
}

/** Call in the transaction that accepts the action. */
export async function keepKey(
  tx: StoreTx,
  caller: Caller,
  { text, requestSha256 }: IdempotencyKey,
  { id: actionId, createdAtMs }: MachineAction,
): Promise<void> {
  const untilMs = createdAtMs + KEY_RETENTION_MS;
  await tx.idempotencyKeys.insert(
    { accountId: accountOf(caller), key: text, requestSha256, actionId, untilMs },
    createdAtMs,
  );
}
