import { UploadId } from "@halligan/protocol/link";
import { type TString, Type } from "typebox";
import { bytes } from "../../edge/declared-responses.ts";
import type { ParameterDoc } from "../../edge/operation-doc.ts";
import { SAMPLE } from "./values.ts";

/** Parameters, and responses of bytes, that several operations have. */

export const machineIdParameter = {
  description: "Id of the machine: 40 hex digits.",
  schema: Type.String(),
  example: SAMPLE.machineId,
} satisfies ParameterDoc;

export const actionIdParameter = {
  description: "Id of the machine action: a GUID.",
  schema: Type.String(),
  example: SAMPLE.actionId,
} satisfies ParameterDoc;

export const commandIndexParameter = {
  description: "Number of the command in the action, from 0.",
  schema: Type.Integer({ minimum: 0 }),
  example: 0,
} satisfies ParameterDoc;

export const waitParameter = {
  description: "How long to wait for the end of the action: a whole number with `s` or `ms`.",
  schema: Type.String(),
  example: "30s",
} satisfies ParameterDoc;

export const fileNameParameter = {
  description: "Name of the library file.",
  schema: Type.String(),
  example: SAMPLE.fileName,
} satisfies ParameterDoc;

export const rangeParameter = {
  description: "`bytes=N-` goes on with a download that was broken off; the answer is then 206.",
  schema: Type.String(),
} satisfies ParameterDoc;

/** Any bytes at all. */
export const BYTES = Type.Unsafe<unknown>({ contentMediaType: "application/octet-stream" });

export const partialResponse = bytes("The bytes that `Range` asked for.", {
  "application/octet-stream": { schema: BYTES },
});

export const textParameter = (description: string): { description: string; schema: TString } => ({
  description,
  schema: Type.String(),
});

/** Of an upload; an action has at most so many commands. */
export const uploadIndexParameter = {
  description: "Number of the command in the action, from 0.",
  schema: Type.Integer({ minimum: 0, maximum: 999 }),
  example: 1,
} satisfies ParameterDoc;

export const uploadIdParameter = {
  description: "Made by the device for this one upload: 32 hex digits.",
  schema: UploadId,
  example: SAMPLE.uploadId,
} satisfies ParameterDoc;

export const deviceGroupIdParameter = {
  description: "Number of the device group; 0 is that of machines without one.",
  schema: Type.Integer({ minimum: 0 }),
  example: SAMPLE.deviceGroupId,
} satisfies ParameterDoc;

export const contentSha256Parameter = {
  description: "SHA-256 of the content, in hex.",
  schema: Type.String(),
  example: SAMPLE.approvedSha256,
} satisfies ParameterDoc;

export const tenantParameter = {
  description: "The tenant of this server; GetInfo tells it.",
  schema: Type.String(),
  example: SAMPLE.tenant,
} satisfies ParameterDoc;

export const signInTenantParameter = {
  description: "The tenant by its id or one of its names; `common`, `organizations` and `consumers` are answered too.",
  schema: Type.String(),
  example: SAMPLE.tenant,
} satisfies ParameterDoc;
