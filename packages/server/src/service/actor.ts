import type { AuditActorKind, AuditRecord } from "../store/administration/audit.ts";

/**
 * The origin of an action in the audit log: an application or user that calls, a machine that
 * reports, or the server itself.
 */
export interface Actor {
  readonly kind: AuditActorKind;
  readonly name: string;
  readonly id: string;
  /** Client id of the application that calls, or that a user calls through. */
  readonly clientId?: string;
  /** Network address of the other end. Absent for what the server does by itself. */
  readonly address?: string;
}

export const SERVER: Actor = { kind: "server", name: "halligan-server", id: "halligan-server" };
/** `address`: where its report or request came from. */
export const machineActor = (machineId: string, address?: string): Actor => ({
  kind: "machine",
  name: `machine ${machineId}`,
  id: machineId,
  ...(address !== undefined && { address }),
});

/** The fields of the actor that every record has. */
export const auditedActor = (
  actor: Actor,
): Pick<AuditRecord, "actor" | "actorId" | "actorKind" | "application" | "address"> => ({
  actor: actor.name,
  actorId: actor.id,
  actorKind: actor.kind,
  application: actor.clientId ?? null,
  // Empty when the connection closed before its address was read.
  address: actor.address || null,
});
