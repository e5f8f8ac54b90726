import type { StagedContentWire } from "@halligan/protocol/api";
import { stageContent as stage } from "../../../../service/library/stage-content.ts";
import { permitted } from "../../../edge/access.ts";
import { ok, refuse } from "../../../edge/answer.ts";
import { stream } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { wireTime } from "../../present/wire-time.ts";
import { readSha256 } from "./given-sha256.ts";

/** Bytes for `StartLiveResponse`. Its answer says the same however often it is repeated. */
export const stageContent = operation({
  name: "StageContent",
  method: "PUT",
  path: "/halligan/v1/content/:sha256",
  access: permitted("StageContent"),
  body: stream,
  async handler({ caller, params, body, signal }, context) {
    const given = readSha256(params.sha256 ?? "", "the SHA-256 in the path");
    if (!("sha256" in given)) return given;
    const { sha256 } = given;
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
