/**
 * Files travel over HTTP and not over the agent connection, so that they can be large and resume.
 * All requests carry `Authorization: Ticket <ticket of the welcome>`. Errors have the contract's
 * error body.
 *
 * Down: `GET` {@link orderFilePath}, with `Range: bytes=N-` to resume. 404 unless an open order of
 * this machine names the file.
 * Up:   `PUT` {@link resultPartPath} with the part as body, `Content-Length`, and its SHA-256 (hex)
 *       in {@link PART_SHA256_HEADER};
 *       204 means durable. Every part but the last has exactly PART_BYTES; parts are numbered from 0 and may be repeated.
 *       `POST` {@link resultCompletePath} with a `CompleteUpload`; 204 means that the whole is durable and its SHA-256 agrees.
 *       409 `UploadIncomplete` or `UploadMismatch`: send it again under a new upload id.
 *       410 `ResourceNotFound`: the server does not want it (another device's action, or one it has given up).
 *       429 `TooManyRequests`: too many refused or unfinished parts of this machine. `Retry-After` says when to try again.
 *       507 `InsufficientStorage`: the server is out of space; `ResultQuotaExceeded`: a quota is used up. Try again later.
 *       A refusal can come before the body is sent. The connection then ends within a second.
 */
import { type Static, Type } from "typebox";
import { Sha256, SizeBytes } from "./ids.ts";

export const PART_SHA256_HEADER = "halligan-part-sha256";

export const CompleteUpload = Type.Object(
  { partCount: Type.Integer({ minimum: 1, maximum: 1_000_000 }), sizeBytes: SizeBytes, sha256: Sha256 },
  { additionalProperties: false },
);
export type CompleteUpload = Static<typeof CompleteUpload>;

export const orderFilePath = (actionId: string, sha256: string) => `/agent/v1/actions/${actionId}/files/${sha256}`;

const uploadPath = (actionId: string, index: number, uploadId: string) =>
  `/agent/v1/actions/${actionId}/commands/${index}/uploads/${uploadId}`;

export const resultPartPath = (actionId: string, index: number, uploadId: string, part: number) =>
  `${uploadPath(actionId, index, uploadId)}/parts/${part}`;

export const resultCompletePath = (actionId: string, index: number, uploadId: string) =>
  `${uploadPath(actionId, index, uploadId)}/complete`;
