import type { ApplicationSecretWire, ApplicationWire } from "@halligan/protocol/api";
import { type ApplicationSecret, isSecretUsable } from "../../../../domain/identity/application-secret.ts";
import type { Application } from "../../../../store/identity/applications.ts";
import { wireTime, wireTimeOrNull } from "../../present/wire-time.ts";

export const applicationWire = (
  { clientId, name, roles, keys, secrets, createdAtMs, ownerId }: Application,
  nowMs: number,
): ApplicationWire => ({
  clientId,
  name,
  roles: [...roles],
  hasSecret: secrets.some((secret) => isSecretUsable(secret, nowMs)),
  secrets: secrets.map((secret) => applicationSecretWire(secret, nowMs)),
  keyIds: keys.flatMap(({ kid }) => (typeof kid === "string" ? [kid] : [])),
  createdAt: wireTime(createdAtMs),
  ownerId,
});

export const applicationSecretWire = (secret: ApplicationSecret, nowMs: number): ApplicationSecretWire => ({
  id: secret.id,
  createdAt: wireTime(secret.createdAtMs),
  expiresAt: wireTimeOrNull(secret.expiresAtMs),
  isUsable: isSecretUsable(secret, nowMs),
});
