import { LibraryApprovalListWire, type LibraryFileWire } from "@halligan/protocol/api";
import { json } from "../../edge/declared-responses.ts";
import { SAMPLE } from "./values.ts";

/** Library files of the examples, and responses that several operations have. */

export const sampleLibraryFile = {
  fileName: SAMPLE.fileName,
  sha256: SAMPLE.scriptSha256,
  description: "Collects the logs of the last days",
  creationTime: "2026-11-20T09:00:00.25Z",
  lastUpdatedTime: "2026-11-20T09:00:00.25Z",
  createdBy: "Administrator",
  hasParameters: true,
  parametersDescription: "--days N",
} satisfies LibraryFileWire;

export const approvalsResponse = json("Who approved it.", LibraryApprovalListWire, {
  value: [
    {
      sha256: SAMPLE.approvedSha256,
      accountId: SAMPLE.clientId,
      approvedBy: "Reviewers",
      approvedAt: "2026-11-21T12:30:00.5Z",
    },
  ],
});
