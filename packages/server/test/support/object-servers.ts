import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  BlobSASPermissions,
  BlobServiceClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { BlobCredentials } from "../../src/blobs/blob-credentials.ts";
import { type BlobLocation, parseBlobLocation } from "../../src/blobs/blob-location.ts";

/** A running object store for tests, a separate process with a temporary folder. */
export interface ObjectServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly credentials: BlobCredentials;
  /** A location that no other test uses. */
  place(prefix: string): BlobLocation;
  /** The URL for a plain PUT without a library, the lower bound of a measurement. */
  bareUrl(name: string): URL;
}

export function located(text: string): BlobLocation {
  const location = parseBlobLocation(text);
  if (!location.ok) throw new Error(location.error.detail);
  return location.value;
}

export interface S3Server extends ObjectServer {
  /** From now on every write is refused because the bucket is full, or none is. */
  setFull(isFull: boolean): Promise<void>;
}

export async function startS3Server(): Promise<S3Server> {
  const script = fileURLToPath(new URL("s3-server-process.ts", import.meta.url));
  // Its continuation tokens use DES, which OpenSSL 3 provides only as a legacy algorithm.
  const server = await startProcess((folder) => ["--openssl-legacy-provider", script, folder]);
  return {
    endpoint: server.endpoint,
    credentials: { s3AccessKeyId: "S3RVER", s3SecretAccessKey: "S3RVER" },
    place: (prefix) => located(`s3://halligan/${prefix}?pathStyle=true&endpoint=${server.endpoint}`),
    bareUrl: (name) => new URL(`${server.endpoint}/halligan/bare/${name}`),
    setFull: (isFull) => {
      const mark = join(server.folder, "full");
      return isFull ? writeFile(mark, "") : rm(mark);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Azurite's own account and its published key. */
const ACCOUNT = "devstoreaccount1";
const ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

export async function startAzureServer(): Promise<ObjectServer> {
  const script = createRequire(import.meta.url).resolve("azurite/dist/src/blob/main.js");
  const options = ["--blobPort", "0", "--skipApiVersionCheck", "--silent", "--disableTelemetry"];
  const server = await startProcess((folder) => [script, ...options, "--location", folder]);
  const endpoint = `${server.endpoint}/${ACCOUNT}`;
  const account = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};BlobEndpoint=${endpoint};`;
  await BlobServiceClient.fromConnectionString(account).createContainer("halligan");
  return {
    endpoint,
    credentials: { azureAccountKey: ACCOUNT_KEY },
    place: (prefix) => located(`azure://${ACCOUNT}/halligan/${prefix}?endpoint=${endpoint}`),
    bareUrl(name) {
      const permissions = BlobSASPermissions.parse("cwr");
      const expiresOn = new Date(Date.now() + 3_600_000);
      const key = new StorageSharedKeyCredential(ACCOUNT, ACCOUNT_KEY);
      const blob = { containerName: "halligan", blobName: name, permissions, expiresOn };
      return new URL(`${endpoint}/halligan/${name}?${generateBlobSASQueryParameters(blob, key)}`);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

interface Process extends AsyncDisposable {
  readonly endpoint: string;
  readonly folder: string;
}

async function startProcess(args: (folder: string) => string[]): Promise<Process> {
  const folder = await mkdtemp(join(tmpdir(), "halligan-objects-"));
  // In the folder, because Azurite writes files to its working directory in any case.
  const child = spawn(process.execPath, args(folder), { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface(child.stdout)) {
    const endpoint = /listens on (http:\/\/\S+)/.exec(line)?.[1];
    if (endpoint === undefined) continue;
    child.stdout.resume();
    return { endpoint, folder, [Symbol.asyncDispose]: stop };
  }
  await stop();
  throw new Error("the object store of the tests did not start");
}
