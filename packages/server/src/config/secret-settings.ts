/**
 * Settings that are or may contain a secret. Each is given by the environment, or by a file whose
 * path is in the setting with the suffix `_FILE`, like the secrets of Docker and Kubernetes. Never
 * by an argument, because every process of the machine can read arguments.
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
