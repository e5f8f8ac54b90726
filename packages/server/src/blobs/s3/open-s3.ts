import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { errorCode } from "@halligan/protocol/errors";
import type { Random } from "../../auth/random.ts";
import { BLOB_SETTINGS, type BlobCredentials, BlobStoreNotOpenedError } from "../blob-credentials.ts";
import type { S3Location } from "../blob-location.ts";
import { answerWithin } from "../objects/timeouts.ts";
import { codeOf, statusOf } from "./s3-fault.ts";
import { S3ObjectStore } from "./s3-object-store.ts";

const OPEN_TIMEOUT_MS = 30_000;
/** Sockets for all calls but downloads together. Further calls wait for one. */
const MAX_SOCKETS = 64;
/**
 * Sockets for downloads. More than the default of `maxDownloads`, because devices that fetch files
 * of their orders use them too.
 */
const MAX_READER_SOCKETS = 1_024;

const ignore = (): void => undefined;
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export async function openS3(
  location: S3Location,
  credentials: BlobCredentials,
  { random, nowMs }: { readonly random: Random; readonly nowMs: () => number },
): Promise<S3ObjectStore> {
  const { bucket, prefix } = location;
  const connect = (maxSockets: number) =>
    new S3Client({
      region: location.region,
      forcePathStyle: location.pathStyle,
      ...(location.endpoint && { endpoint: location.endpoint.href }),
      ...keysOf(credentials),
      // The first try and two retries, with the SDK's own growing pauses. A request with a stream
      // is tried once, because a stream cannot be repeated.
      maxAttempts: 3,
      requestHandler: {
        connectionTimeout: 5_000,
        // Each call has its own limit, because a common one would end the part of a slow device.
        throwOnRequestTimeout: true,
        // More than the 120 s after which the HTTP server closes a silent connection, so that the
        // HTTP server decides.
        socketTimeout: 150_000,
        httpAgent: { keepAlive: true, maxSockets },
        httpsAgent: { keepAlive: true, maxSockets },
      },
      // Errors are thrown to the caller. The SDK would also write some of them to the console.
      logger: SILENT,
      // Many S3 servers do not support the SDK's default trailing checksums. Every body has our own
      // SHA-256 instead.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
    });
  const client = connect(MAX_SOCKETS);
  try {
    await answerWithin(OPEN_TIMEOUT_MS, (signal) => tryAccess(client, location, random, signal));
  } catch (error) {
    client.destroy();
    throw notOpened(location, error);
  }
  return new S3ObjectStore({ client, readers: connect(MAX_READER_SOCKETS) }, { bucket, prefix, nowMs });
}

/** Not a HEAD of the bucket, whose response has no body with the reason of an error. */
async function tryAccess(
  client: S3Client,
  { bucket, prefix }: S3Location,
  random: Random,
  abortSignal: AbortSignal,
): Promise<void> {
  await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }), { abortSignal });
  // A unique name, because nodes that start together must not delete each other's test object.
  const at = { Bucket: bucket, Key: `${prefix}probe/${Buffer.from(random(16)).toString("hex")}` };
  await client.send(new PutObjectCommand({ ...at, Body: Buffer.alloc(0) }), { abortSignal });
  await client.send(new DeleteObjectCommand(at), { abortSignal });
}

function keysOf({ s3AccessKeyId, s3SecretAccessKey, s3SessionToken }: BlobCredentials) {
  const { s3AccessKeyId: id, s3SecretAccessKey: secret, s3SessionToken: token } = BLOB_SETTINGS;
  if (s3AccessKeyId !== undefined && s3SecretAccessKey !== undefined) {
    return {
      credentials: {
        accessKeyId: s3AccessKeyId,
        secretAccessKey: s3SecretAccessKey,
        ...(s3SessionToken !== undefined && { sessionToken: s3SessionToken }),
      },
    };
  }
  if (s3AccessKeyId !== undefined || s3SecretAccessKey !== undefined) {
    throw new BlobStoreNotOpenedError(`${id} and ${secret} go together; one of them is missing`);
  }
  if (s3SessionToken !== undefined) throw new BlobStoreNotOpenedError(`${token} needs ${id} and ${secret}`);
  return {};
}

function notOpened({ bucket, region, endpoint }: S3Location, error: unknown): Error {
  const { location, s3AccessKeyId, s3SecretAccessKey } = BLOB_SETTINGS;
  const keys = `${s3AccessKeyId} and ${s3SecretAccessKey}`;
  const code = codeOf(error);
  const said = (text: string) => new BlobStoreNotOpenedError(text);
  if (code === "NoSuchBucket") return said(`${location}: there is no bucket ${bucket}`);
  if (code === "CredentialsProviderError") {
    return said(`no credentials for S3: set ${keys}, or give this machine a role`);
  }
  if (code === "InvalidAccessKeyId") return said(`S3 does not know the key id in ${s3AccessKeyId}`);
  if (code === "SignatureDoesNotMatch") return said(`the secret in ${s3SecretAccessKey} is not that of its key id`);
  if (code === "PermanentRedirect" || code === "AuthorizationHeaderMalformed" || code === "IllegalLocationConstraint") {
    return said(`${location}: bucket ${bucket} is not in region ${region}`);
  }
  if (statusOf(error) === 403) {
    return said(`${keys} (or this machine's role) may not list, read, write and delete in bucket ${bucket}`);
  }
  const where = endpoint === null ? `Amazon S3 in ${region}` : endpoint.host;
  if (statusOf(error) === undefined) return said(`${location}: ${where} cannot be reached (${networkCode(error)})`);
  return said(`${location}: ${where} answered ${statusOf(error)} ${codeOf(error)}`);
}

function networkCode(error: unknown): string {
  const code = errorCode(error);
  if (code !== null) return code;
  return error instanceof Error && error.message !== "" ? error.message : codeOf(error);
}
