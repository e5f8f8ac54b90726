import type { StagedContentWire } from "@halligan/protocol/api";
import { Sha256 } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { stageContent as stage } from "../../service/stage-content.ts";
import { permitted } from "../access.ts";
import { ok, refuse } from "../answer.ts";
import { stream } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { domainRefusal } from "../wire-errors.ts";
import { wireTime } from "../wire-time.ts";

/** Bytes for `StartLiveResponse`. Its answer says the same however often it is repeated. */
export const stageContent = operation({
  name: "StageContent",
  method: "PUT",
  path: "/halligan/v1/content/:sha256",
  access: permitted("StageContent"),
  body: stream,
  async handler({ caller, params: { sha256 }, body, signal }, context) {
    if (!Value.Check(Sha256, sha256)) {
      return refuse(400, "InvalidInput", "the SHA-256 in the path must have 64 hex digits in lower case");
    }
    const { sizeBytes } = body;
    if (sizeBytes === null) return refuse(400, "InvalidInput", "content needs a Content-Length");
    const staged = await stage(context, caller, { sha256, sizeBytes, body: body.stream, signal });
    if (!staged.ok) return domainRefusal(staged.error);
    const answer: StagedContentWire = {
      sha256: staged.value.sha256,
      sizeBytes: staged.value.sizeBytes,
      expiresAt: wireTime(staged.value.expiresAtMs),
    };
    return ok(answer);
  },
});
