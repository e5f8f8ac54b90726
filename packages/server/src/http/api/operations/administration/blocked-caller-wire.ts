import type { BlockedCallerWire } from "@halligan/protocol/api";
import type { BlockedCaller } from "../../../../store/administration/blocked-callers.ts";
import { wireTime } from "../../present/wire-time.ts";

export const blockedCallerWire = ({ callerId, blockedBy, blockedAtMs, reason }: BlockedCaller): BlockedCallerWire => ({
  callerId,
  blockedBy,
  blockedAt: wireTime(blockedAtMs),
  reason,
});
