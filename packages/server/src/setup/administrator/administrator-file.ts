import { readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CredentialsFile } from "@halligan/protocol/api";
import { errorCode } from "@halligan/protocol/errors";
import { Check } from "typebox/value";
import { syncFolder } from "../../blobs/disk-files.ts";
import { hasApplication } from "../../service/identity/administrator.ts";
import type { Store } from "../../store/store.ts";
import { writePrivateFile } from "../private-files.ts";

/** The credentials of the administrator that the server itself created; 0600. */
export const administratorFile = (dataDir: string): string => join(dataDir, "administrator.json");

/**
 * Credentials of an application that may not be committed yet. They are durable before the commit
 * and get their final name after it. A crash in between leaves a pending file, and the store says
 * whether its application exists. So no secret is ever lost.
 */
const pendingFile = (dataDir: string): string => `${administratorFile(dataDir)}.pending`;

export async function writePendingCredentials(dataDir: string, credentials: CredentialsFile): Promise<void> {
  await writePrivateFile(pendingFile(dataDir), textOf(credentials));
}

/**
 * Renames a pending file to its final name if its application is in the store, and removes it
 * otherwise. Returns the final path, or null.
 */
export async function settlePendingCredentials(store: Store, dataDir: string): Promise<string | null> {
  const pending = pendingFile(dataDir);
  const credentials = await readCredentials(pending);
  if (credentials === null) return null;
  const isCommitted = credentials !== "unusable" && (await hasApplication(store, credentials.clientId));
  const file = administratorFile(dataDir);
  if (isCommitted) await rename(pending, file);
  else await rm(pending, { force: true });
  await syncFolder(dirname(file));
  return isCommitted ? file : null;
}

/**
 * The state of the file at a start.
 * absent:   there is none; the operator keeps the credentials elsewhere.
 * current:  it names this deployment's URLs.
 * updated:  it named other URLs, from a start with other settings, and names these now.
 * outdated: its application was removed or replaced, or the file belongs to another deployment; it
 *           is not changed.
 * unusable: it is not a credentials file.
 */
export type FileState = "absent" | "current" | "updated" | "outdated" | "unusable";

/** Updates the URLs in the file to the present configuration. */
export async function updateCredentialUrls(
  store: Store,
  dataDir: string,
  urls: Pick<CredentialsFile, "baseUrl" | "tokenUrl" | "tenant">,
): Promise<FileState> {
  const file = administratorFile(dataDir);
  const credentials = await readCredentials(file);
  if (credentials === null) return "absent";
  if (credentials === "unusable") return "unusable";
  const { clientId } = credentials;
  const isOurs = credentials.tenant === urls.tenant && (await hasApplication(store, clientId));
  if (!isOurs) return "outdated";
  if (credentials.baseUrl === urls.baseUrl && credentials.tokenUrl === urls.tokenUrl) return "current";
  await writePrivateFile(file, textOf({ ...credentials, ...urls }));
  return "updated";
}

async function readCredentials(file: string): Promise<CredentialsFile | "unusable" | null> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return null;
    throw cause;
  }
  try {
    const value: unknown = JSON.parse(text);
    return Check(CredentialsFile, value) ? value : "unusable";
  } catch {
    return "unusable";
  }
}

const textOf = (credentials: CredentialsFile): Uint8Array => Buffer.from(`${JSON.stringify(credentials, null, 2)}\n`);
