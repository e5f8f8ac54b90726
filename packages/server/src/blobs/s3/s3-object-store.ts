import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { attachment } from "../../domain/results/content-disposition.ts";
import type { ByteRange, DirectLink, OpenBlob } from "../blob-store.ts";
import { fillBuffer } from "../objects/fill-buffer.ts";
import type { Announced, ListedObject, ObjectHead, ObjectStore, WholeWriter } from "../objects/object-store.ts";
import { openBlob, outside, rangeHeader } from "../objects/range-answer.ts";
import { answerWithin, CALL_TIMEOUT_MS, STREAM_TIMEOUT_MS, TRY_TIMEOUT_MS } from "../objects/timeouts.ts";
import { withRetries } from "../objects/with-retries.ts";
import { beginMultipart, type Call, type CallOptions, unfinishedMultiparts } from "./multipart.ts";
import { isMissing, s3Fault, statusOf } from "./s3-fault.ts";

/** S3's own limits. */
const MAX_PIECES = 10_000;
const MAX_KEYS_A_DELETE = 1_000;
/** Longest lifetime of presigned links, in seconds: 7 days. */
const MAX_LINK_S = 604_800;
/** Written to read the time of the bucket's clock. */
const CLOCK_KEY = "clock";

export interface S3Target {
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
  readonly nowMs: () => number;
}

export class S3ObjectStore implements ObjectStore {
  readonly maxPieces = MAX_PIECES;
  readonly #client: S3Client;
  /**
   * Sockets of their own: readers that take nothing hold theirs, and everything else would wait for
   * one.
   */
  readonly #readers: S3Client;
  readonly #target: S3Target;

  constructor({ client, readers }: { readonly client: S3Client; readonly readers: S3Client }, target: S3Target) {
    this.#client = client;
    this.#readers = readers;
    this.#target = target;
  }

  #at = (key: string) => ({ Bucket: this.#target.bucket, Key: this.#target.prefix + key });

  async head(key: string): Promise<ObjectHead | null> {
    const answer = await this.#call((options) =>
      orMissing(this.#client.send(new HeadObjectCommand(this.#at(key)), options)),
    );
    if (answer === null) return null;
    return { sizeBytes: answer.ContentLength ?? 0, sha256: answer.Metadata?.sha256 ?? null };
  }

  async open(key: string, range?: ByteRange): Promise<OpenBlob | null> {
    const answer = await this.#call((options) => this.#get(this.#readers, key, options, range));
    return answer === null ? null : openBlob(answer.stream, answer.contentRange, answer.lengthBytes, range);
  }

  async #get(client: S3Client, key: string, options: CallOptions, range?: ByteRange) {
    if (range !== undefined && (range.start < 0 || range.end < range.start)) throw outside(range);
    const Range = range && rangeHeader(range);
    try {
      const get = new GetObjectCommand({ ...this.#at(key), ...(Range && { Range }) });
      const answer = await orMissing(client.send(get, options));
      if (answer === null) return null;
      if (!(answer.Body instanceof Readable)) throw new Error("the response of S3 has no body");
      return { stream: answer.Body, contentRange: answer.ContentRange, lengthBytes: answer.ContentLength ?? 0 };
    } catch (error) {
      throw range !== undefined && statusOf(error) === 416 ? outside(range) : error;
    }
  }

  readInto = async (key: string, target: Buffer): Promise<Buffer | null> =>
    await this.#call((options) =>
      withRetries(async () => {
        const answer = await this.#get(this.#client, key, options);
        return answer === null ? null : await fillBuffer(answer.stream, target, options.abortSignal);
      }),
    );

  async putStream(key: string, body: Readable, { sizeBytes, sha256 }: Announced, signal: AbortSignal): Promise<void> {
    const put = new PutObjectCommand({
      ...this.#at(key),
      Body: body,
      ContentLength: sizeBytes,
      // The bucket compares what arrived with it before the object appears.
      ChecksumSHA256: Buffer.from(sha256, "hex").toString("base64"),
      Metadata: { sha256 },
    });
    try {
      const stream = (abortSignal: AbortSignal) => this.#client.send(put, { abortSignal });
      await answerWithin(STREAM_TIMEOUT_MS, stream, signal);
    } catch (error) {
      throw s3Fault(error);
    }
  }

  /**
   * The bytes are in memory, so the signature covers their SHA-256, and the bucket refuses others.
   */
  async putBytes(key: string, bytes: Buffer, sha256: string): Promise<void> {
    const put = new PutObjectCommand({ ...this.#at(key), Body: bytes, Metadata: { sha256 } });
    await this.#call((options) => this.#client.send(put, options));
  }

  beginWhole = async (key: string, sha256: string): Promise<WholeWriter> =>
    await beginMultipart(this.#client, this.#at(key), sha256, (call) => this.#call(call));

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    let from: { ContinuationToken?: string } = {};
    do {
      const command = new ListObjectsV2Command({
        Bucket: this.#target.bucket,
        Prefix: this.#target.prefix + prefix,
        ...from,
      });
      const page = await this.#call((options) => this.#client.send(command, options));
      for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
        const key = Key.slice(this.#target.prefix.length);
        yield { key, sizeBytes: Size, modifiedAtMs: LastModified?.getTime() ?? 0 };
      }
      from = page.NextContinuationToken === undefined ? {} : { ContinuationToken: page.NextContinuationToken };
    } while (from.ContinuationToken !== undefined);
  }

  async delete(keys: readonly string[]): Promise<void> {
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) {
      await this.#call((options) => this.#client.send(new DeleteObjectCommand(this.#at(only)), options));
      return;
    }
    for (let at = 0; at < keys.length; at += MAX_KEYS_A_DELETE) {
      const Objects = keys.slice(at, at + MAX_KEYS_A_DELETE).map((key) => ({ Key: this.#at(key).Key }));
      const command = new DeleteObjectsCommand({ Bucket: this.#target.bucket, Delete: { Objects, Quiet: true } });
      const { Errors = [] } = await this.#call((options) => this.#client.send(command, options));
      const [fault] = Errors;
      if (fault !== undefined) throw s3Fault(new Error(`an object was not deleted: ${fault.Code}`));
    }
  }

  async nowMs(): Promise<number> {
    await this.putBytes(CLOCK_KEY, Buffer.alloc(0), "");
    const answer = await this.#call((options) =>
      this.#client.send(new HeadObjectCommand(this.#at(CLOCK_KEY)), options),
    );
    if (answer.LastModified === undefined) throw s3Fault(new Error("an object has no LastModified"));
    return answer.LastModified.getTime();
  }

  async abandonWholes(beforeMs: number): Promise<void> {
    for (const namespace of ["library/", "results/"]) {
      const prefix = this.#target.prefix + namespace;
      const call = this.#call.bind(this);
      for await (const { upload, begunAtMs } of unfinishedMultiparts(this.#client, this.#target.bucket, prefix, call)) {
        if (begunAtMs >= beforeMs) continue;
        await call((options) => this.#client.send(new AbortMultipartUploadCommand(upload), options));
      }
    }
  }

  async directLink(key: string, { fileName, contentType, expiresAtMs }: DirectLink): Promise<URL | null> {
    const nowMs = this.#target.nowMs();
    const expiresIn = Math.min(Math.floor((expiresAtMs - nowMs) / 1_000), MAX_LINK_S);
    if (expiresIn <= 0) return null;
    const options = { expiresIn, signingDate: new Date(nowMs) };
    const get = new GetObjectCommand({
      ...this.#at(key),
      ResponseContentDisposition: attachment(fileName),
      ResponseContentType: contentType,
    });
    // Signing is only a computation, but the credentials may first have to be fetched from the
    // instance's role.
    const link = await this.#call(() => getSignedUrl(this.#client, get, options));
    return new URL(link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.destroy();
    this.#readers.destroy();
  }

  async #call<T>(call: Call<T>): Promise<T> {
    try {
      return await answerWithin(CALL_TIMEOUT_MS, (abortSignal) =>
        call({ abortSignal, requestTimeout: TRY_TIMEOUT_MS }),
      );
    } catch (error) {
      throw s3Fault(error);
    }
  }
}

async function orMissing<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
