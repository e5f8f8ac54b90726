import { AnonymousCredential, BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import type { Random } from "../../auth/random.ts";
import { BLOB_SETTINGS, type BlobCredentials, BlobStoreNotOpenedError } from "../blob-credentials.ts";
import type { AzureLocation } from "../blob-location.ts";
import { answerWithin } from "../objects/timeouts.ts";
import { codeOf, statusOf } from "./azure-fault.ts";
import { AzureObjectStore } from "./azure-object-store.ts";

const OPEN_TIMEOUT_MS = 30_000;
/**
 * The first try and two more. No `tryTimeoutInMs`: the service would count the time in which a slow
 * reader takes a download. `answerWithin` limits the calls that carry no stream.
 */
const RETRIES = { maxTries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 5_000 };

export async function openAzure(
  location: AzureLocation,
  credentials: BlobCredentials,
  { random, nowMs }: { readonly random: Random; readonly nowMs: () => number },
): Promise<AzureObjectStore> {
  const access = accessOf(location, credentials);
  const connect = (maxTries: number) =>
    new BlobServiceClient(access.url, access.key ?? new AnonymousCredential(), {
      retryOptions: { ...RETRIES, maxTries },
      keepAliveOptions: { enable: true },
    }).getContainerClient(location.container);
  const container = connect(RETRIES.maxTries);
  const { prefix } = location;
  try {
    await answerWithin(OPEN_TIMEOUT_MS, async (abortSignal) => {
      await container.listBlobsFlat({ prefix, abortSignal }).byPage({ maxPageSize: 1 }).next();
      // A unique name, because nodes that start together must not delete each other's test blob.
      const probe = container.getBlockBlobClient(`${prefix}probe/${Buffer.from(random(16)).toString("hex")}`);
      await probe.upload("", 0, { abortSignal });
      await probe.delete({ abortSignal });
    });
  } catch (error) {
    throw notOpened(location, access.setting, error);
  }
  return new AzureObjectStore({ container, once: connect(1), prefix, key: access.key, random, nowMs });
}

interface Access {
  readonly url: string;
  readonly key: StorageSharedKeyCredential | null;
  /** The name of the setting. */
  readonly setting: string;
}

function accessOf(location: AzureLocation, credentials: BlobCredentials): Access {
  const { azureAccountKey, azureConnectionString, azureSas } = BLOB_SETTINGS;
  const given = [credentials.azureAccountKey, credentials.azureConnectionString, credentials.azureSas];
  const all = `${azureAccountKey}, ${azureConnectionString} and ${azureSas}`;
  const count = given.filter((text) => text !== undefined).length;
  if (count === 0) throw new BlobStoreNotOpenedError(`Azure needs credentials: set one of ${all}`);
  if (count > 1) throw new BlobStoreNotOpenedError(`set only one of ${all}`);
  const endpoint = (location.endpoint?.href ?? `https://${location.account}.blob.core.windows.net`).replace(/\/$/, "");
  if (credentials.azureConnectionString !== undefined) {
    return ofConnectionString(location, credentials.azureConnectionString, endpoint);
  }
  if (credentials.azureAccountKey !== undefined) {
    return {
      url: endpoint,
      key: sharedKey(location, credentials.azureAccountKey, azureAccountKey),
      setting: azureAccountKey,
    };
  }
  const sas = credentials.azureSas?.replace(/^\?/, "") ?? "";
  if (!new URLSearchParams(sas).has("sig"))
    throw new BlobStoreNotOpenedError(`${azureSas} has no sig=: it is not a SAS`);
  return { url: `${endpoint}?${sas}`, key: null, setting: azureSas };
}

/**
 * Parsed here and not by the library, whose errors contain the text. The endpoint of the location
 * is used, not that of the connection string.
 */
function ofConnectionString(location: AzureLocation, text: string, endpoint: string): Access {
  const setting = BLOB_SETTINGS.azureConnectionString;
  const fields = new Map(
    text.split(";").map((field) => [field.slice(0, field.indexOf("=")).trim(), field.slice(field.indexOf("=") + 1)]),
  );
  const name = fields.get("AccountName");
  if (name !== undefined && name !== location.account) {
    throw new BlobStoreNotOpenedError(
      `${setting} is of another account than ${BLOB_SETTINGS.location} (${location.account})`,
    );
  }
  const url = location.endpoint === null ? (fields.get("BlobEndpoint")?.replace(/\/$/, "") ?? endpoint) : endpoint;
  if (!URL.canParse(url)) throw new BlobStoreNotOpenedError(`${setting}: BlobEndpoint is not a URL`);
  const sas = fields.get("SharedAccessSignature");
  if (sas !== undefined) return { url: `${url}?${sas.replace(/^\?/, "")}`, key: null, setting };
  const key = fields.get("AccountKey");
  if (key === undefined)
    throw new BlobStoreNotOpenedError(`${setting} has neither AccountKey nor SharedAccessSignature`);
  return { url, key: sharedKey(location, key, setting), setting };
}

function sharedKey({ account }: AzureLocation, key: string, setting: string): StorageSharedKeyCredential {
  if (!/^[A-Za-z0-9+/]{16,}={0,2}$/.test(key)) throw new BlobStoreNotOpenedError(`the key in ${setting} is not base64`);
  return new StorageSharedKeyCredential(account, key);
}

function notOpened({ account, container, endpoint }: AzureLocation, setting: string, error: unknown): Error {
  const { location } = BLOB_SETTINGS;
  const [code, status] = [codeOf(error), statusOf(error)];
  const where = endpoint?.host ?? `${account}.blob.core.windows.net`;
  const said = (text: string) => new BlobStoreNotOpenedError(text);
  if (code === "ContainerNotFound") return said(`${location}: account ${account} has no container ${container}`);
  if (status === 401 || status === 403) {
    const rights = `list, read, write and delete in container ${container}`;
    return said(`${setting} is refused by ${where} for account ${account}, or does not allow to ${rights} (${code})`);
  }
  if (status === undefined) return said(`${location}: ${where} cannot be reached (${code})`);
  return said(`${location}: ${where} answered ${status} ${code}`);
}
