import type { Admitted } from "./access.ts";

/** Who was admitted, as the log names them. Null before anyone is. */
export function namesOf(who: Admitted | null): { readonly callerId?: string; readonly machineId?: string } {
  if (who === null || who.kind === "anonymous") return {};
  return who.kind === "ticket" ? { machineId: who.ticket.machineId } : { callerId: who.caller.id };
}
