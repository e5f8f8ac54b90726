import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import type { WholeWriter } from "../objects/object-store.ts";
import { codeOf } from "./s3-fault.ts";

/** The dependencies of every command. */
export interface CallOptions {
  readonly abortSignal: AbortSignal;
  readonly requestTimeout: number;
}
export type Call<T> = (options: CallOptions) => Promise<T>;
/** Runs a call under its time limits, and maps its errors to those of the blob store. */
export type RunCall = <T>(call: Call<T>) => Promise<T>;
type At = { readonly Bucket: string; readonly Key: string };

/**
 * Each writer has its own upload, whose id only it needs. So two nodes that complete one result do
 * not affect each other.
 */
export async function beginMultipart(client: S3Client, at: At, sha256: string, call: RunCall): Promise<WholeWriter> {
  const create = new CreateMultipartUploadCommand({ ...at, Metadata: { sha256 } });
  const { UploadId } = await call((options) => client.send(create, options));
  if (UploadId === undefined) throw new Error("the multipart upload of S3 has no id");
  const upload = { ...at, UploadId };
  const Parts: { PartNumber: number; ETag: string }[] = [];
  return {
    async write(piece, bytes) {
      const PartNumber = piece + 1;
      const put = new UploadPartCommand({ ...upload, PartNumber, Body: bytes });
      const { ETag } = await call((options) => client.send(put, options));
      if (ETag === undefined) throw new Error("the response of S3 to a part has no ETag");
      Parts[piece] = { PartNumber, ETag };
    },
    async finish() {
      const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
      await call((options) => client.send(complete, options));
    },
    async abandon() {
      await call((options) => client.send(new AbortMultipartUploadCommand(upload), options));
    },
  };
}

interface UnfinishedMultipart {
  readonly upload: At & { readonly UploadId: string };
  readonly begunAtMs: number;
}

export async function* unfinishedMultiparts(
  client: S3Client,
  bucket: string,
  prefix: string,
  call: RunCall,
): AsyncGenerator<UnfinishedMultipart> {
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
  do {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...from });
    const page = await call((options) => orNotImplemented(client.send(command, options)));
    for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue;
      yield { upload: { Bucket: bucket, Key, UploadId }, begunAtMs: Initiated.getTime() };
    }
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page ?? {};
    from = page?.IsTruncated && KeyMarker && UploadIdMarker ? { KeyMarker, UploadIdMarker } : {};
  } while (from.KeyMarker !== undefined);
}

/** Some S3 servers do not list unfinished uploads. Their own lifecycle rules remove them. */
async function orNotImplemented(
  answer: Promise<ListMultipartUploadsCommandOutput>,
): Promise<ListMultipartUploadsCommandOutput | null> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === "NotImplemented") return null;
    throw error;
  }
}
