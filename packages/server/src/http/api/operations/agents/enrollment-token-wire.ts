import type { EnrollmentTokenSummaryWire } from "@halligan/protocol/api";
import { type EnrollmentToken, enrollmentTokenState } from "../../../../domain/agents/enrollment-token.ts";
import { wireTime, wireTimeOrNull } from "../../present/wire-time.ts";

export const enrollmentTokenWire = (token: EnrollmentToken, nowMs: number): EnrollmentTokenSummaryWire => ({
  id: token.id,
  state: enrollmentTokenState(token, nowMs),
  createdBy: token.createdBy,
  createdAt: wireTime(token.createdAtMs),
  expiresAt: wireTime(token.expiresAtMs),
  uses: token.uses,
  usesLeft: token.usesLeft,
  lastUsedAt: wireTimeOrNull(token.lastUsedAtMs),
  machinesEnrolled: token.machinesEnrolled,
  revokedAt: wireTimeOrNull(token.revocation?.atMs ?? null),
  revokedBy: token.revocation?.by ?? null,
});
