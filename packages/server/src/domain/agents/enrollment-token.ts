/** What is kept of an enrollment token. The token itself is not: the store has only its hash. */
export interface EnrollmentToken {
  id: string;
  uses: number;
  usesLeft: number;
  expiresAtMs: number;
  createdBy: string;
  createdAtMs: number;
  /** When a machine last enrolled with it. */
  lastUsedAtMs: number | null;
  /** Machines that enrolled with it, retired and removed ones too. */
  machinesEnrolled: number;
  revocation: { atMs: number; by: string } | null;
}

export type EnrollmentTokenState = "usable" | "usedUp" | "expired" | "revoked";

/** A revoked token says so whatever else holds: that is what an operator looks for. */
export function enrollmentTokenState(
  { revocation, usesLeft, expiresAtMs }: Pick<EnrollmentToken, "revocation" | "usesLeft" | "expiresAtMs">,
  nowMs: number,
): EnrollmentTokenState {
  if (revocation) return "revoked";
  if (usesLeft <= 0) return "usedUp";
  return expiresAtMs > nowMs ? "usable" : "expired";
}
