import * as approvals from "../../../../../service/library/library-approvals.ts";
import { permitted } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { ok } from "../../../../edge/http-response.ts";
import { approvalsResponse } from "../../../../openapi/samples/library.ts";
import { contentSha256Parameter } from "../../../../openapi/samples/parameters.ts";
import { APPROVE } from "../../../access-rules.ts";
import { operation } from "../../../context.ts";
import { domainRefusal } from "../../../errors/errors.ts";
import { readSha256 } from "../given-sha256.ts";
import { libraryApprovalsWire } from "./library-approval-wire.ts";

/** Of bytes, whatever they are called. */
export const approveLibraryContent = operation({
  name: "ApproveLibraryContent",
  method: "PUT",
  path: "/halligan/v1/library-approvals/:sha256",
  access: permitted(APPROVE),
  rateLimit: "none",
  doc: {
    tag: "Library",
    summary: "Approve content",
    description:
      "Where `HALLIGAN_LIBRARY_APPROVAL` is set, content runs only after another account than the one that uploaded it approved " +
      "its SHA-256. Repeating it changes nothing.",
    path: { sha256: contentSha256Parameter },
    refusals: {
      400: "`InvalidInput`: no SHA-256.",
      403: "`DisallowedOperation`: the caller's own account uploaded it.",
    },
  },
  responses: { 200: approvalsResponse },
  body: noBody,
  async handler({ caller, params }, context) {
    const given = readSha256(params.sha256, "sha256");
    if (!given.ok) return given.error;
    const approved = await approvals.approveContent(context, caller, given.value);
    return approved.ok ? ok(libraryApprovalsWire(approved.value)) : domainRefusal(approved.error);
  },
});
