import { StagedContentWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { stageContent as stage } from "../../../../service/library/stage-content.ts";
import { permitted } from "../../../edge/access.ts";
import { stream } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { httpError, ok } from "../../../edge/http-response.ts";
import { BYTES } from "../../../openapi/samples/parameters.ts";
import { SAMPLE, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { LIBRARY } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { wireTime } from "../../present/wire-time.ts";
import { readSha256 } from "./given-sha256.ts";

/** Bytes for `StartLiveResponse`. Its response says the same however often it is repeated. */
export const stageContent = operation({
  name: "StageContent",
  method: "PUT",
  path: "/halligan/v1/content/:sha256",
  access: permitted(LIBRARY),
  rateLimit: "standard",
  doc: {
    tag: "Live response",
    summary: "Upload bytes for actions",
    description:
      "The body is the content; it needs a Content-Length. Only actions of the caller who uploaded it may refer to it, by its SHA-256. " +
      "It expires when no action refers to it. Repeating it is fine and prolongs it.",
    path: {
      sha256: {
        description: "SHA-256 of the content: 64 hex digits, in any letter case.",
        schema: Type.String(),
        example: SAMPLE.scriptSha256,
      },
    },
    body: { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } },
    refusals: {
      400: "`InvalidInput`: other bytes arrived, or they are too many, or the caller has too much staged.",
      507: "`InsufficientStorage`: the server's disk is full.",
    },
  },
  responses: {
    200: json("It is durable here.", StagedContentWire, {
      sha256: SAMPLE.scriptSha256,
      sizeBytes: SAMPLE_SCRIPT.length,
      expiresAt: "2026-11-24T12:00:00Z",
    }),
  },
  body: stream,
  async handler({ caller, params, body, signal }, context) {
    const given = readSha256(params.sha256, "the SHA-256 in the path");
    if (!given.ok) return given.error;
    const sha256 = given.value;
    const { sizeBytes } = body;
    if (sizeBytes === null) return httpError(400, "InvalidInput", "content needs a Content-Length");
    const staged = await stage(context, caller, { sha256, sizeBytes, body: body.stream, signal });
    if (!staged.ok) return domainRefusal(staged.error);
    const responseBody: StagedContentWire = {
      sha256: staged.value.sha256,
      sizeBytes: staged.value.sizeBytes,
      expiresAt: wireTime(staged.value.expiresAtMs),
    };
    return ok(responseBody);
  },
});
