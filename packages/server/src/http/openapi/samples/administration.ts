import type {
  BlockedCallerWire,
  DeviceGroupRequest,
  DeviceGroupWire,
  EnrollmentTokenSummaryWire,
} from "@halligan/protocol/api";
import { SAMPLE } from "./values.ts";

export const sampleBlockedCaller = {
  callerId: SAMPLE.outsideCallerId,
  blockedBy: "Administrator",
  blockedAt: "2026-11-21T12:30:00.5Z",
  reason: "Left the company",
} satisfies BlockedCallerWire;

export const sampleEnrollmentToken = {
  id: SAMPLE.enrollmentTokenId,
  state: "usable",
  createdBy: "Administrator",
  createdAt: "2026-11-20T13:00:00.118Z",
  expiresAt: "2026-11-21T13:00:00.118Z",
  uses: 20,
  usesLeft: 18,
  lastUsedAt: "2026-11-20T14:12:09.4Z",
  machinesEnrolled: 2,
  revokedAt: null,
  revokedBy: null,
} satisfies EnrollmentTokenSummaryWire;

export const sampleGroupRequest = {
  name: "Laboratory",
  remediationLevel: "full",
  isOpenToUsers: false,
  users: [],
  userGroups: ["lab-analysts"],
} satisfies DeviceGroupRequest;

export const sampleGroup = { id: SAMPLE.deviceGroupId, ...sampleGroupRequest } satisfies DeviceGroupWire;
