/** The stored facts of an enrollment token. The token itself is not stored, only its hash. */
export interface EnrollmentToken {
  id: string;
  uses: number;
  usesLeft: number;
  expiresAtMs: number;
  createdBy: string;
  createdAtMs: number;
  /** When a machine last enrolled with it. */
  lastUsedAtMs: number | null;
  /** Machines that enrolled with it, including retired and removed ones. */
  machinesEnrolled: number;
  revocation: { atMs: number; by: string } | null;
}

export type EnrollmentTokenState = "usable" | "usedUp" | "expired" | "revoked";

/** Revocation takes precedence over all other states, because an operator looks for it. */
export function enrollmentTokenState(
  { revocation, usesLeft, expiresAtMs }: Pick<EnrollmentToken, "revocation" | "usesLeft" | "expiresAtMs">,
  nowMs: number,
): EnrollmentTokenState {
  if (revocation) return "revoked";
  if (usesLeft <= 0) return "usedUp";
  return expiresAtMs > nowMs ? "usable" : "expired";
}
