/**
 * Settings that are or may hold a secret. Each is given by the environment, or by a file whose name is in the setting with `_FILE` behind
 * it, as Docker's and Kubernetes' secrets are; never by an argument, which every process of the machine can read.
 */
export const SECRET_SETTINGS = [
  "HALLIGAN_DATABASE_URL",
  "HALLIGAN_BUS_URL",
  "HALLIGAN_BUS_CREDS",
  "HALLIGAN_S3_ACCESS_KEY_ID",
  "HALLIGAN_S3_SECRET_ACCESS_KEY",
  "HALLIGAN_S3_SESSION_TOKEN",
  "HALLIGAN_AZURE_ACCOUNT_KEY",
  "HALLIGAN_AZURE_CONNECTION_STRING",
  "HALLIGAN_AZURE_SAS",
  "HALLIGAN_METRICS_TOKEN",
] as const;
