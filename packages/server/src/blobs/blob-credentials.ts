/**
 * Secret settings of object stores, by their environment names. Messages contain the names, never
 * the values.
 */
export const BLOB_SETTINGS = {
  location: "HALLIGAN_BLOBS",
  s3AccessKeyId: "HALLIGAN_S3_ACCESS_KEY_ID",
  s3SecretAccessKey: "HALLIGAN_S3_SECRET_ACCESS_KEY",
  s3SessionToken: "HALLIGAN_S3_SESSION_TOKEN",
  azureAccountKey: "HALLIGAN_AZURE_ACCOUNT_KEY",
  azureConnectionString: "HALLIGAN_AZURE_CONNECTION_STRING",
  azureSas: "HALLIGAN_AZURE_SAS",
} as const;

/** The values that are set. Never logged. */
export interface BlobCredentials {
  /** Without these two settings the SDK's own chain is used, which knows instance roles. */
  readonly s3AccessKeyId?: string;
  readonly s3SecretAccessKey?: string;
  readonly s3SessionToken?: string;
  /** One of the three. Only the first two can sign direct links. */
  readonly azureAccountKey?: string;
  readonly azureConnectionString?: string;
  readonly azureSas?: string;
}

/**
 * The blob store cannot be opened because of what is set: the message names the setting and is all
 * that its owner needs.
 */
export class BlobStoreNotOpenedError extends Error {
  override readonly name = "BlobStoreNotOpenedError";
}
