import { EnrollResponse, PART_BYTES, PART_SHA256_HEADER, Sha256, UploadId } from "@halligan/protocol/link";
import { Type } from "typebox";
import { json, type OperationDoc, type ParameterDoc } from "../operation-doc.ts";
import { SAMPLE, SAMPLE_PART, SAMPLE_PART_SHA256, SAMPLE_SCRIPT } from "../sample-values.ts";
import { actionIdParameter, BYTES, partialAnswer, RANGE_REFUSED, rangeParameter } from "./parameters.ts";

const GONE = "`ResourceNotFound`: it is not an action whose order is out on this machine; the server does not want it.";
const DISK_FULL =
  "`InsufficientStorage`: the server is out of space. `ResultQuotaExceeded`: a quota for results is used up. Try again later.";

const commandIndexParameter: ParameterDoc = {
  description: "Number of the command in the action, from 0.",
  schema: Type.Integer({ minimum: 0, maximum: 999 }),
  example: 1,
};
const uploadIdParameter: ParameterDoc = {
  description: "Made by the device for this one upload: 32 hex digits.",
  schema: UploadId,
  example: SAMPLE.uploadId,
};
const UPLOADS_BOUNDED =
  "`TooManyRequests`: the machine sends too many requests, its uploads were refused too often, or it has other uploads at work. `Retry-After` says how long to wait.";

export const agentDocs = {
  Enroll: {
    tag: "Agents",
    summary: "Enroll a device",
    description:
      "Registers the device's Ed25519 key. The enrollment token is its access; the proof is a signature by that key. Repeating it with the " +
      "same key and token gives the same answer.",
    bodyExample: {
      token: SAMPLE.enrollmentToken,
      publicKey: SAMPLE.publicKey,
      proof: SAMPLE.proof,
      facts: {
        computerDnsName: "build-07",
        osPlatform: "Linux",
        version: "12",
        osVersion: "6.12.9",
        osBuild: null,
        osArchitecture: "64-bit",
        osProcessor: "x64",
        agentVersion: "0.1.0",
        ipAddresses: [],
      },
    },
    answers: {
      200: json("The machine's id, and the keys that may sign its orders.", EnrollResponse, {
        machineId: SAMPLE.machineId,
        orderKeys: [{ keyId: SAMPLE_PART_SHA256, publicKey: SAMPLE.publicKey }],
      }),
    },
    refusals: {
      400: "`InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      403: "`Forbidden`: the token is unknown, has expired or is used up; the proof is wrong; or the key is enrolled already.",
      429: "`TooManyRequests`: too many requests, or too many refused enrollments, of the address. `Retry-After` says how long to wait.",
    },
  },
  GetOrderFile: {
    tag: "Agents",
    summary: "Fetch a file that an order names",
    path: {
      actionId: actionIdParameter,
      sha256: { description: "Its SHA-256 in hex, as the order has it.", schema: Sha256, example: SAMPLE.scriptSha256 },
    },
    headers: { Range: rangeParameter },
    answers: {
      200: {
        description: "Its bytes.",
        content: { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } },
      },
      206: partialAnswer,
    },
    refusals: {
      404: "`ResourceNotFound`: the order names no such file.",
      410: GONE,
      416: RANGE_REFUSED,
      429: "`TooManyRequests`: the machine sends too many requests. `Retry-After` says how long to wait.",
    },
  },
  PutResultPart: {
    tag: "Agents",
    summary: "Send a part of a result",
    description: `204 means durable. Every part but the last has exactly ${PART_BYTES} bytes; a part may be repeated.`,
    path: {
      actionId: actionIdParameter,
      index: commandIndexParameter,
      uploadId: uploadIdParameter,
      part: { description: "Number of the part, from 0.", schema: Type.Integer({ minimum: 0 }), example: 0 },
    },
    headers: {
      [PART_SHA256_HEADER]: {
        description: "SHA-256 of the part, in hex.",
        schema: Sha256,
        example: SAMPLE_PART_SHA256,
        required: true,
      },
    },
    body: { "application/octet-stream": { schema: BYTES, example: SAMPLE_PART } },
    answers: { 204: { description: "The part is durable." } },
    refusals: {
      400: "`PartMismatch`: the bytes are not those of the SHA-256. `InvalidInput`: an id, a number or the size.",
      410: GONE,
      429: UPLOADS_BOUNDED,
      507: DISK_FULL,
    },
  },
  CompleteResult: {
    tag: "Agents",
    summary: "Complete the upload of a result",
    description:
      "204 means that the whole is durable and its SHA-256 agrees; only then may the end of the command be reported.",
    path: { actionId: actionIdParameter, index: commandIndexParameter, uploadId: uploadIdParameter },
    bodyExample: { partCount: 1, sizeBytes: SAMPLE_PART.length, sha256: SAMPLE_PART_SHA256 },
    answers: { 204: { description: "The result is durable." } },
    refusals: {
      400: "`InvalidInput`: the upload id. `InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      409: "`UploadIncomplete`, `UploadMismatch`: send it again under a new upload id.",
      410: GONE,
      429: UPLOADS_BOUNDED,
      507: DISK_FULL,
    },
  },
} as const satisfies Record<string, OperationDoc>;
