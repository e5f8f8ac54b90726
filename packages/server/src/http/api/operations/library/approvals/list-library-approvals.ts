import * as approvals from "../../../../../service/library/library-approvals.ts";
import { permitted } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { ok } from "../../../../edge/http-response.ts";
import { approvalsResponse } from "../../../../openapi/samples/library.ts";
import { contentSha256Parameter } from "../../../../openapi/samples/parameters.ts";
import { operation } from "../../../context.ts";
import { readSha256 } from "../given-sha256.ts";
import { libraryApprovalsWire } from "./library-approval-wire.ts";

export const listLibraryApprovals = operation({
  name: "ListLibraryApprovals",
  method: "GET",
  path: "/halligan/v1/library-approvals/:sha256",
  access: permitted({
    application: ["Halligan.Library.Approve", "Library.Manage", "Machine.LiveResponse"],
    delegated: ["Halligan.Library.Approve", "Library.Manage", "Machine.LiveResponse"],
  }),
  rateLimit: "none",
  query: {},
  doc: {
    tag: "Library",
    summary: "List who approved content",
    path: { sha256: contentSha256Parameter },
    refusals: { 400: "`InvalidInput`: no SHA-256." },
  },
  responses: { 200: approvalsResponse },
  body: noBody,
  async handler({ params }, context) {
    const given = readSha256(params.sha256, "sha256");
    return given.ok ? ok(libraryApprovalsWire(await approvals.approvalsOf(context, given.value))) : given.error;
  },
});
