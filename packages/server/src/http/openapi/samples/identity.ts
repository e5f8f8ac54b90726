import type { ApplicationWire } from "@halligan/protocol/api";
import { SAMPLE } from "./values.ts";

export const sampleSecret = {
  id: SAMPLE.secretId,
  createdAt: "2026-11-20T09:00:00.25Z",
  expiresAt: "2027-02-18T09:00:00.25Z",
  isUsable: true,
};

export const sampleApplication = {
  clientId: SAMPLE.clientId,
  name: "SOAR playbooks",
  roles: ["Machine.LiveResponse", "Machine.Read.All"],
  hasSecret: true,
  secrets: [sampleSecret],
  keyIds: [],
  createdAt: "2026-11-20T09:00:00.25Z",
  ownerId: null,
} satisfies ApplicationWire;
